//! Promises of the container formats, kept with real encoders and decoders.

mod cmaf;
mod corpus;
mod ffmpeg;
mod property;
