//! The denial × protocol table, printed whole from the code that speaks each protocol and compared with a golden file.

use std::fmt::Write;

use axum::http::header;
use container::amf0::Value;
use guard::{Denial, Reason};

use crate::{
    ingest::rtmp,
    play::{refuse, ws},
};

#[test]
fn every_denial_is_said_on_every_protocol_as_it_was() {
    let mut table = String::new();
    for reason in Reason::ALL {
        let denial = Denial::from(*reason);
        let http = refuse::response(&denial);
        let asks = http
            .headers()
            .get(header::WWW_AUTHENTICATE)
            .map_or("-", |value| value.to_str().unwrap());
        let (code, word) = ws::refuse::close(*reason);
        let status = rtmp::refuse::publish(&denial);
        let said = |name| status.get(name).and_then(Value::as_str).unwrap_or("-");
        let rtmp = format!("{} {}", said("code"), said("description"));
        assert_eq!(http.headers().get(refuse::REASON).unwrap(), reason.as_str());
        assert_eq!(word, reason.as_str());
        let status = http.status().as_u16();
        writeln!(
            table,
            "{reason}\n  http {status} {asks}\n  websocket {code}\n  rtmp {rtmp}"
        )
        .unwrap();
    }
    insta::assert_snapshot!(table);
}
