//! Promises of the data plane, kept with real encoders and real sockets.

mod play;
mod proxy;
mod rtmp;
