//! What the detector calls, on traffic in which thieves were planted.

mod crowd;
mod planted;
mod renewed;
mod signs;
mod thresholds;
mod traffic;
