//! Promises of the decision.

mod carriers;
mod properties;
mod scene;
mod table;
