package dev.outcrop.serving.http;

/**
 * Metrics as a scraper reads them.
 *
 * @param contentType the format's content type
 * @param text the exposition
 */
public record MetricsPage(String contentType, String text) {}
