package dev.outcrop.serving.transport;

import java.time.Duration;

/**
 * What clients of a listener may cost.
 *
 * @param maxFrame the largest HTTP/2 frame
 * @param maxBody the largest body, in bytes
 * @param requestTimeout how long a request may take to arrive, and a new connection to begin one
 * @param writeTimeout how long a client may leave unread what is written to it
 * @param connectionAge when a connection is to end, give or take a fifth; zero for never
 * @param bodies the memory for bodies that are being read
 */
public record TransportLimits(
    int maxFrame,
    int maxBody,
    Duration requestTimeout,
    Duration writeTimeout,
    Duration connectionAge,
    ByteBudget bodies) {}
