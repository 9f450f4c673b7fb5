//! How to publish to a stream. The key is asked for only when somebody reveals it, and forgotten when it is hidden.

use leptos::{prelude::*, task::spawn_local};

use super::KeyChanged;
use crate::{
    api::{client::use_api, streams},
    kit::{Button, Choice, Choices, CopyField, Notice, Tone},
};

/// Which program is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoder {
    Obs,
    Ffmpeg,
}

/// Instructions for OBS and ffmpeg.
#[component]
pub(crate) fn Ingest(name: String) -> impl IntoView {
    let api = use_api();
    let name = StoredValue::new(name);
    let (address, failure, busy) = (
        RwSignal::new(None::<String>),
        RwSignal::new(None::<String>),
        RwSignal::new(false),
    );
    if let Some(key) = use_context::<KeyChanged>() {
        Effect::new(move |_| {
            key.0.track();
            address.set(None);
        });
    }
    let encoder = RwSignal::new(Encoder::Obs);
    let reveal = move |_| {
        if address.with_untracked(Option::is_some) {
            return address.set(None);
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match streams::ingest_url(api, &name.get_value()).await {
                Ok(url) => address.set(Some(url)),
                Err(refusal) => failure.set(Some(refusal.to_string())),
            }
            busy.try_set(false);
        });
    };
    view! {
        <div class="ingest">
            <div class="ingest-head">
                <Choices
                    legend="Encoder" legend_hidden=true
                    options=vec![Choice::new(Encoder::Obs, "OBS"), Choice::new(Encoder::Ffmpeg, "ffmpeg")]
                    chosen=encoder on_choose=move |one| encoder.set(one)
                />
                {move || {
                    let (icon, text) = if address.with(Option::is_some) { (icondata_lu::LuEyeOff, "Hide key") } else { (icondata_lu::LuEye, "Reveal key") };
                    view! { <Button icon busy on_press=reveal>{text}</Button> }
                }}
            </div>
            {move || failure.get().map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> })}
            {move || match (address.get(), encoder.get()) {
                (None, _) => view! {
                    <p class="soft">"The address holds a secret key: whoever has it can publish as this stream. It is shown when you reveal it."</p>
                }.into_any(),
                (Some(url), Encoder::Obs) => {
                    let (server, key) = obs(&url);
                    view! {
                        <p class="soft">"In OBS: Settings → Stream → Service “Custom…”. Set the key-frame interval to 2 s under Output."</p>
                        <CopyField label="Server" value=server/>
                        <CopyField label="Stream key" value=key/>
                    }.into_any()
                }
                (Some(url), Encoder::Ffmpeg) => view! {
                    <p class="soft">"Sends a file in real time as H.264 and AAC, a key frame every 2 s."</p>
                    <CopyField label="Command" value=ffmpeg(&url) lines=true/>
                    <CopyField label="Complete address" value=url/>
                }.into_any(),
            }}
        </div>
    }
}

/// OBS asks for the address without its last part, and for that part as the key.
fn obs(url: &str) -> (String, String) {
    let path = url.split('?').next().unwrap_or(url);
    let cut = path.rfind('/').unwrap_or(path.len());
    let (server, key) = url.split_at(cut);
    (server.to_owned(), key.trim_start_matches('/').to_owned())
}

fn ffmpeg(url: &str) -> String {
    format!("ffmpeg -re -stream_loop -1 -i input.mp4 -c:v libx264 -preset veryfast -g 60 -c:a aac -f flv '{url}'")
}
