//! What tests share: clocks, seeded randomness, databases, ports.
