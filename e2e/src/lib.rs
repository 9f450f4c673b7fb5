//! Promises, tested from outside.
