//! What the detector calls, on traffic in which thieves were planted.

mod addresses;
mod crowd;
mod nodes;
mod planted;
mod renewed;
mod signs;
mod streams;
mod thresholds;
mod traffic;
mod unusual;
