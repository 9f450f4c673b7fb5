//! `onMetaData`: what an encoder says of itself, believed for display only.

use crate::amf0::Value;

/// The fields that a broadcaster's page shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// Pixels.
    pub width: Option<f64>,
    /// Pixels.
    pub height: Option<f64>,
    /// Frames per second.
    pub frame_rate: Option<f64>,
    /// kbit/s.
    pub video_kbps: Option<f64>,
    /// kbit/s.
    pub audio_kbps: Option<f64>,
    /// The program, such as `Lavf59.27.100`; at most 200 characters.
    pub encoder: Option<String>,
}

/// Reads the value after the name `onMetaData`.
pub fn metadata(value: &Value) -> Metadata {
    let number = |name| value.get(name).and_then(Value::as_number).filter(|n| n.is_finite());
    Metadata {
        width: number("width"),
        height: number("height"),
        frame_rate: number("framerate"),
        video_kbps: number("videodatarate"),
        audio_kbps: number("audiodatarate"),
        encoder: value
            .get("encoder")
            .and_then(Value::as_str)
            .map(|text| text.chars().filter(|c| !c.is_control()).take(200).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoders_words_are_cut_and_cleaned() {
        let value = Value::EcmaArray(vec![
            ("width".into(), 1280.0.into()),
            ("framerate".into(), f64::NAN.into()),
            ("encoder".into(), format!("a\n{}", "b".repeat(300)).into()),
        ]);
        let metadata = metadata(&value);
        assert_eq!(metadata.width, Some(1280.0));
        assert_eq!(metadata.frame_rate, None);
        assert_eq!(metadata.encoder.unwrap().len(), 200);
    }
}
