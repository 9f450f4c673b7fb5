//! Commands: what a peer wants, from `connect` to `deleteStream`.

use container::amf0::{self, Value};

use super::{Event, Session, Stage, status};
use crate::ingest::rtmp::Error;

impl Session {
    pub(super) fn command(&mut self, stream: u32, body: &[u8]) -> Result<Option<Event>, Error> {
        let values = amf0::decode(body, amf0::Limits::default())?;
        let Some(name) = values.first().and_then(Value::as_str) else {
            return Err(Error::OutOfPlace("command"));
        };
        let transaction = values.get(1).and_then(Value::as_number).unwrap_or_default();
        if self.stage == Stage::New && name != "connect" {
            return Err(Error::OutOfPlace("command before connect"));
        }
        match name {
            "connect" if self.stage == Stage::New => self.connect(transaction, values.get(2))?,
            "createStream" => self.create_stream(transaction),
            "publish" => return self.publish(stream, values.get(3)),
            "play" | "play2" => {
                let description = "playback is not offered over RTMP here";
                self.on_status(stream, status("error", "NetStream.Play.Failed", description));
                return Err(Error::Play);
            }
            "releaseStream" | "FCPublish" => self.result(transaction, Value::Undefined),
            "FCUnpublish" | "closeStream" | "deleteStream" => return Ok(self.unpublish(transaction)),
            "_result" | "_error" | "onStatus" => {}
            _ => self.error(transaction, "there is no such command"),
        }
        Ok(None)
    }

    fn create_stream(&mut self, transaction: f64) {
        if self.streams >= MAX_STREAMS {
            self.error(transaction, "this connection has as many streams as it may have");
            return;
        }
        self.streams += 1;
        self.result(transaction, f64::from(self.streams).into());
    }

    fn publish(&mut self, stream: u32, name: Option<&Value>) -> Result<Option<Event>, Error> {
        let Stage::Connected(asked) = &mut self.stage else {
            return Err(Error::OutOfPlace("publish"));
        };
        let name = name.and_then(Value::as_str).ok_or(Error::OutOfPlace("publish"))?;
        let mut asked = std::mem::take(asked);
        let mut parameters = super::Parameters::default();
        parameters.divide(name).clone_into(&mut asked.name);
        parameters.extend(asked.parameters);
        asked.parameters = parameters;
        self.stage = Stage::Asked(stream);
        Ok(Some(Event::Publish(Box::new(asked))))
    }

    fn unpublish(&mut self, transaction: f64) -> Option<Event> {
        if transaction > 0.0 {
            self.result(transaction, Value::Undefined);
        }
        let Stage::Publishing(_) = self.stage else { return None };
        Some(Event::Unpublished)
    }

    fn result(&mut self, transaction: f64, value: Value) {
        self.say(0, &["_result".into(), transaction.into(), Value::Null, value]);
    }

    /// A command with no transaction expects no answer.
    fn error(&mut self, transaction: f64, description: &str) {
        if transaction > 0.0 {
            let information = status("error", "NetConnection.Call.Failed", description);
            self.say(0, &["_error".into(), transaction.into(), Value::Null, information]);
        }
    }
}

const MAX_STREAMS: u32 = 8;
