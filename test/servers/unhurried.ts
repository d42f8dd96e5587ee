// The time that tests give which are not about time: longer than a busy machine takes to answer.

/** In milliseconds, for one question to a server of these tests. */
export const unhurried = 15_000
