package dev.outcrop.serving.prices;

/**
 * A way to call Bedrock that costs another price than on demand.
 *
 * @param name such as {@code batch}
 * @param share of the price on demand
 * @param verified whether a page of AWS was seen that says so
 */
public record Mode(String name, double share, boolean verified) {}
