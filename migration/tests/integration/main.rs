//! Promises of the steps, kept with what earlier versions left, on real databases.

mod addresses;
mod analysed;
mod partitions;
mod refusals;
mod revocations;
mod rules;
mod sessions;
mod tables;
mod tags;
