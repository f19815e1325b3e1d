"""Writes a Llama checkpoint of Hugging Face's form as a GGUF file in bfloat16, without a tokenizer.

    python to_gguf.py FOLDER OUT.gguf

Needs gguf and numpy. Norms are written in float32, as llama.cpp expects them.
"""

import json
import pathlib
import sys

import gguf
import numpy

NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def tensors(folder: pathlib.Path):
    """Name and bfloat16 bits of every tensor."""
    for file in sorted(folder.glob("*.safetensors")):
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(length))
        header.pop("__metadata__", None)
        for name, entry in header.items():
            if entry["dtype"] != "BF16":
                sys.exit(f"{name} is {entry['dtype']}, this script takes BF16")
            start, end = entry["data_offsets"]
            yield name, numpy.memmap(file, numpy.uint16, "r", 8 + length + start, tuple(entry["shape"]))


def new_name(name: str) -> str:
    stem = name.removesuffix(".weight")
    if stem.startswith("model.layers."):
        _, _, layer, rest = stem.split(".", 3)
        return f"blk.{layer}.{NAMES[rest]}.weight"
    return NAMES[stem] + ".weight"


def interleaved(rows: numpy.ndarray, heads: int) -> numpy.ndarray:
    """llama.cpp rotates neighbours, Hugging Face the halves of a head."""
    shape = rows.shape
    return rows.reshape(heads, 2, shape[0] // heads // 2, shape[1]).swapaxes(1, 2).reshape(shape)


def main() -> None:
    folder, out = pathlib.Path(sys.argv[1]), sys.argv[2]
    config = json.loads((folder / "config.json").read_text())
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if config["model_type"] != "llama" or rope.get("rope_type", "default") != "default":
        sys.exit("this script takes the Llama architecture with plain rotary embeddings")
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    writer = gguf.GGUFWriter(out, "llama")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(config.get("head_dim") or config["hidden_size"] // heads)
    writer.add_value_length(config.get("head_dim") or config["hidden_size"] // heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(rope.get("rope_theta") or config.get("rope_theta") or 10000.0)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    writer.add_tokenizer_model("no_vocab")
    for name, bits in tensors(folder):
        if bits.ndim == 1:
            floats = (bits.astype(numpy.uint32) << 16).view(numpy.float32)
            writer.add_tensor(new_name(name), floats)
            continue
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            bits = interleaved(bits, heads if "q_proj" in name else kv_heads)
        data = numpy.ascontiguousarray(bits).view(numpy.uint8)
        writer.add_tensor(new_name(name), data, raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
