//! The command `connect`, with which everything begins.

use container::{amf0::Value, rtmp::control};

use super::{Asked, Parameters, Session, Stage, WINDOW};
use crate::ingest::rtmp::Error;

impl Session {
    pub(super) fn connect(&mut self, transaction: f64, object: Option<&Value>) -> Result<(), Error> {
        let text = |name| object.and_then(|object| object.get(name)).and_then(Value::as_str);
        let app = text("app").ok_or(Error::OutOfPlace("connect"))?;
        let mut parameters = Parameters::default();
        let app = parameters.divide(app).trim_end_matches('/').to_owned();
        self.stage = Stage::Connected(Asked {
            app,
            // Its parameters are those of the application once more.
            tc_url: text("tcUrl").map(|url| Parameters::default().divide(url).to_owned()),
            encoder: text("flashVer").map(printable),
            name: String::new(),
            parameters,
        });
        self.control(&control::window_acknowledgement_size(WINDOW));
        self.control(&control::set_peer_bandwidth(WINDOW));
        self.writer.set_chunk_size(CHUNK_SIZE, &mut self.output);
        let enhanced = object.is_some_and(|object| object.get("fourCcList").is_some());
        self.say(
            0,
            &["_result".into(), transaction.into(), properties(), success(enhanced)],
        );
        Ok(())
    }
}

/// What encoders want to hear before they believe in a server.
fn properties() -> Value {
    Value::Object(vec![
        ("fmsVer".to_owned(), "FMS/3,5,7,7009".into()),
        ("capabilities".to_owned(), 31.0.into()),
        ("mode".to_owned(), 1.0.into()),
    ])
}

fn success(enhanced: bool) -> Value {
    let mut properties = vec![
        ("level".to_owned(), "status".into()),
        ("code".to_owned(), "NetConnection.Connect.Success".into()),
        ("description".to_owned(), "connected".into()),
        ("objectEncoding".to_owned(), 0.0.into()),
    ];
    if enhanced {
        let carried = CARRIED.iter().map(|&name| name.into()).collect();
        properties.push(("fourCcList".to_owned(), Value::StrictArray(carried)));
    }
    Value::Object(properties)
}

fn printable(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(200)
        .collect()
}

/// Codecs that reach viewers.
const CARRIED: [&str; 2] = ["avc1", "mp4a"];

const CHUNK_SIZE: u32 = 4096;
