//! What the tests share: a server, people, viewers, encoders. All of it from outside.

mod broadcaster;
mod caller;
mod certificate;
mod contract;
mod curl;
mod encoder;
mod foreign;
mod letter;
mod mail_server;
mod pace;
mod person;
mod picture;
mod places;
mod program;
mod receiver;
mod server;
mod viewer;
mod wire;

pub(crate) use self::{
    broadcaster::{Broadcaster, Film},
    caller::{call, open},
    certificate::{Authority, certify, shows},
    contract::Contract,
    curl::{Answer, curl, curl_if_there, get},
    encoder::{Encoder, Gstreamer, TICK_S, flashes, publish, publish_noise, refusal},
    foreign::{PYTHON, foreign, python},
    mail_server::MailServer,
    pace::until,
    person::{JSON, Person},
    picture::{Marks, Packet, complaints, marks, packets},
    places::places,
    program::{Program, free_port},
    receiver::{Receiver, Says},
    server::{Home, Server, listening, memory_kb, signal},
    viewer::{Heard, Subscription, Viewer},
    wire::Wire,
};
