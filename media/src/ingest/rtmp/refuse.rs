//! A denial as RTMP says it: `onStatus` with the reason at the start of the description, which encoders print.

use container::amf0::Value;
use guard::Denial;

/// The information object of an `onStatus` that refuses or ends a publisher.
pub(crate) fn publish(denial: &Denial) -> Value {
    let mut properties = vec![
        ("level".to_owned(), "error".into()),
        ("code".to_owned(), BAD_NAME.into()),
        ("description".to_owned(), denial.to_string().into()),
    ];
    if let Some(decision) = denial.decision {
        properties.push(("decisionId".to_owned(), decision.to_string().into()));
    }
    Value::Object(properties)
}

/// The one code that all encoders know for "you may not publish this".
const BAD_NAME: &str = "NetStream.Publish.BadName";

#[cfg(test)]
mod tests {
    use guard::Reason;

    use super::*;

    #[test]
    fn every_reason_begins_its_description() {
        for reason in Reason::ALL {
            let status = publish(&Denial::from(*reason));
            let description = status.get("description").and_then(Value::as_str).unwrap();
            assert_eq!(description, format!("{}: {}", reason.as_str(), reason.sentence()));
            assert_eq!(status.get("level").and_then(Value::as_str), Some("error"));
        }
    }
}
