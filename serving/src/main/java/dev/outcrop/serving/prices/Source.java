package dev.outcrop.serving.prices;

/**
 * Who said so.
 *
 * @param name its name in the price table
 * @param date the day that its numbers are of, {@code unstated} where it says none
 * @param what where it is found
 */
public record Source(String name, String date, String what) {}
