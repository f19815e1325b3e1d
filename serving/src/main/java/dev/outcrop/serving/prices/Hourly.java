package dev.outcrop.serving.prices;

/**
 * What an instance costs.
 *
 * @param usd USD an hour
 * @param source who said so
 */
public record Hourly(double usd, Source source) {}
