//! Promises of the decision.

mod algorithm;
mod carriers;
mod corpus;
mod foreign;
mod guardian;
mod ingest;
mod judges;
mod limits;
mod properties;
mod reference;
mod scene;
mod strangers;
mod table;
mod times;
