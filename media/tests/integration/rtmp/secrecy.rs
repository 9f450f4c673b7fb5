//! No key reaches a log, whatever happens to the connection that carried it.

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
};

use container::amf0::Value;
use media::ingest::rtmp::Limits;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use super::{
    node::{KEY, NAME, Node, Seen},
    wire::Wire,
};

/// Keeps every word of every event and span.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        writeln!(self.0.lock().unwrap(), "{field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn no_log_line_holds_a_key() {
    let log = Log::default();
    let _default = tracing::subscriber::set_default(log.clone());
    let mut node = Node::start(Limits::default()).await;
    let named = format!("{NAME}?key={KEY}");
    drop(Wire::publish(node.address, &named).await);
    let mut seen = node.until_over().await;

    let mut refused = Wire::open(node.address).await;
    refused.connect().await;
    refused.ask(&format!("{NAME}?token={KEY}")).await;
    refused.closed().await;
    seen.extend(node.until_over().await);
    assert!(matches!(seen.last(), Some(Seen::Rejected(_))));

    let mut broken = Wire::open(node.address).await;
    broken.connect().await;
    let object = Value::Object(vec![("app".into(), named.clone().into())]);
    broken.command(0, &["connect".into(), 1.0.into(), object]).await;
    broken.command(0, &[Value::Null, named.into()]).await;
    broken.closed().await;

    let log = log.0.lock().unwrap();
    assert!(log.contains("rtmp dropped a connection"), "something was logged: {log}");
    assert!(!log.contains(KEY), "{log}");
    assert!(!format!("{seen:?}").contains(KEY));
}
