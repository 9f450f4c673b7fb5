//! Promises of the decision.

mod algorithm;
mod carriers;
mod properties;
mod scene;
mod table;
