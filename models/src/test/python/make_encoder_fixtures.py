"""Makes the tiny encoders of models/src/test/resources/encoders and what sentence-transformers and transformers say to them.

Run: python models/src/test/python/make_encoder_fixtures.py  (torch 2.13, transformers 5.18, sentence-transformers 6.2; seeded)

Each folder holds a checkpoint with random weights, its tokenizer, expected.json (texts, their token ids and types) and
expected/model.safetensors (float32 embeddings, or scores of pairs). Weights are drawn so that bugs show: norms and
biases are far from 1 and 0, matrices are large, texts reach past the local window. Texts differ in length.
The trainers of the tokenizers break ties at random, so that a new run makes folders that differ in a few tokens; each
fits itself.
"""

import json
import pathlib
import shutil

import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    ModernBertConfig,
    ModernBertForSequenceClassification,
    ModernBertModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3Model,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
    XLMRobertaModel,
)

ROOT = pathlib.Path(__file__).parents[1] / "resources" / "encoders"
TEXTS = [
    "a",
    "What is the capital of France?",
    "Paris is the capital of France.",
    "The rock comes to the surface where the ground is worn away by wind and water.",
    "  white   space\tand\nlines  ",
    "Äpfel, Öl and naïve café; 東京 is in Japan 🙂",
    "unbelievableness of unreadable wordings and rereadings",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen",
    "Water runs down the hill, and the hill stays where it is. " * 2,
]
PAIRS = [(TEXTS[1], TEXTS[2]), (TEXTS[1], TEXTS[3]), (TEXTS[3], TEXTS[8]), ("a", "b"), (TEXTS[6], TEXTS[5])]
COMMON = dict(
    hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=48, attn_implementation="eager")


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=240, special_tokens=special))
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", cls), ("[SEP]", sep)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]")


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("\n", " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer.train_from_iterator(
        TEXTS, trainers.UnigramTrainer(vocab_size=240, special_tokens=special, unk_token="<unk>"))
    tokenizer.add_special_tokens(["<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>",
        cls_token="<s>", sep_token="</s>", mask_token="<mask>")


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(
        vocab_size=330, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    # As ModernBERT's: spaces are added tokens, the special ones stand behind the vocabulary.
    tokenizer.add_tokens(["  ", "   "])
    tokenizer.add_special_tokens(["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"])
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", cls), ("[SEP]", sep)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_input_names=["input_ids", "attention_mask"])


def with_end():
    """As Qwen3 Embedding's: byte-level, and the end of text behind every text, which is what the model is read at."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(
        vocab_size=330, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    end = tokenizer.token_to_id("<|endoftext|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="$A <|endoftext|>", pair="$A $B <|endoftext|>",
                                      special_tokens=[("<|endoftext|>", end)])])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", padding_side="left",
        model_input_names=["input_ids", "attention_mask"])


def draw(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 1:
                center = 0.0 if name.endswith("bias") else 1.0
                p.copy_(center + 0.5 * torch.randn(p.shape, generator=generator))
            else:
                p.copy_(1.5 * torch.randn(p.shape, generator=generator) / p.shape[1] ** 0.5)


def tokens(tokenizer, *texts):
    encoded = tokenizer(*texts, return_token_type_ids=True)
    return {"ids": encoded["input_ids"], "types": encoded["token_type_ids"]}


def save(folder, name, expected, values):
    (folder / "expected").mkdir()
    save_file({name: values.float().contiguous()}, folder / "expected" / "model.safetensors")
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    print(f"{folder.name}: {tuple(values.shape)}, max |value| {values.abs().max():.4f}, {size // 1024} KB")


def embedder(name, model, tokenizer, seed, pooling, normalize, dtype=torch.float32):
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    draw(model, seed)
    plain = ROOT / (name + ".plain")
    model.to(dtype).eval().save_pretrained(plain)
    tokenizer.save_pretrained(plain)
    modules = [Transformer(str(plain), model_kwargs=dict(attn_implementation="eager", dtype=torch.float32))]
    modules.append(Pooling(model.config.hidden_size, pooling_mode=pooling))
    if normalize:
        modules.append(Normalize())
    sentences = SentenceTransformer(modules=modules, device="cpu")
    sentences.save(str(folder))
    shutil.copy(plain / "model.safetensors", folder / "model.safetensors")
    shutil.copy(plain / "config.json", folder / "config.json")
    shutil.rmtree(plain)
    (folder / "README.md").unlink(missing_ok=True)
    read = SentenceTransformer(str(folder), device="cpu", model_kwargs=dict(attn_implementation="eager", dtype=torch.float32))
    values = torch.stack([torch.from_numpy(read.encode(text, convert_to_numpy=True)) for text in TEXTS])
    save(folder, "embeddings", {"texts": TEXTS, **tokens(tokenizer, TEXTS)}, values)


def reranker(name, model, tokenizer, seed, types=False):
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    draw(model, seed)
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    rows = []
    with torch.no_grad():
        for pair in PAIRS:
            rows.append(model(**tokenizer(*pair, return_tensors="pt", return_token_type_ids=types)).logits[0])
    first, second = [p[0] for p in PAIRS], [p[1] for p in PAIRS]
    save(folder, "scores", {"first": first, "second": second, **tokens(tokenizer, first, second)}, torch.stack(rows))


def main():
    ROOT.mkdir(exist_ok=True)
    words, pieces, bytes_ = word_piece(), unigram(), byte_level()
    bert = dict(**COMMON, vocab_size=len(words), max_position_embeddings=120, type_vocab_size=2, layer_norm_eps=1e-5)
    embedder("bert-mean", BertModel(BertConfig(**bert)), words, 31, "mean", True)
    embedder("bert-cls", BertModel(BertConfig(**bert, hidden_act="gelu_new")), words, 32, "cls", False)
    embedder("bert-f16", BertModel(BertConfig(**bert)), words, 33, "mean", True, torch.float16)
    reranker("bert-reranker", BertForSequenceClassification(BertConfig(**bert, num_labels=1)), words, 34, types=True)
    xlmr = dict(**COMMON, vocab_size=len(pieces), max_position_embeddings=150, type_vocab_size=1, layer_norm_eps=1e-5,
                pad_token_id=1, bos_token_id=0, eos_token_id=2)
    embedder("xlm-roberta", XLMRobertaModel(XLMRobertaConfig(**xlmr)), pieces, 35, "cls", True)
    reranker("xlm-roberta-reranker", XLMRobertaForSequenceClassification(XLMRobertaConfig(**xlmr, num_labels=1)),
             pieces, 36)
    modern = dict(**COMMON, vocab_size=len(bytes_), max_position_embeddings=160, local_attention=16,
                  global_attn_every_n_layers=3, pad_token_id=bytes_.pad_token_id, bos_token_id=None, eos_token_id=None,
                  cls_token_id=bytes_.cls_token_id, sep_token_id=bytes_.sep_token_id,
                  rope_parameters=dict(full_attention=dict(rope_type="default", rope_theta=160000.0),
                                       sliding_attention=dict(rope_type="default", rope_theta=100.0)))
    embedder("modernbert", ModernBertModel(ModernBertConfig(**modern)), bytes_, 37, "mean", True)
    reranker("modernbert-reranker", ModernBertForSequenceClassification(ModernBertConfig(
        **modern, num_labels=1, classifier_pooling="mean")), bytes_, 38)
    end = with_end()
    qwen = dict(**COMMON, vocab_size=len(end), num_key_value_heads=2, head_dim=16, max_position_embeddings=128,
                tie_word_embeddings=True, rope_parameters=dict(rope_type="default", rope_theta=10000.0),
                bos_token_id=None, eos_token_id=None, pad_token_id=None)
    embedder("qwen3-embedding", Qwen3Model(Qwen3Config(**qwen)), end, 39, "lasttoken", True)


if __name__ == "__main__":
    main()
