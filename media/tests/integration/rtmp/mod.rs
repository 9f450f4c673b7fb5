//! RTMP ingest: real encoders push, and strangers attack.

mod attack;
mod encoders;
mod node;
mod proxies;
mod refusal;
mod secrecy;
mod wire;
