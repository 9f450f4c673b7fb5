//! A token just made: the one time that it is seen, as itself, as what it opens, and as a call that makes the next one.

use leptos::prelude::*;
use serde_json::{Value, json};

use super::super::handle::MakeHandle;
use crate::{
    api::{
        client::use_api,
        streams,
        token_making::{CreatePlaybackTokenInput, CreatePublishTokenInput, Made},
        tokens::Door,
    },
    browser,
    kit::{Button, Choice, Choices, CopyField, Load, Look, Notice, Tone},
};

/// With what the next ones are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Curl,
    Node,
    Rust,
}

/// Token and handle, what they open, and how to make the like. `input`: what was wished for.
#[component]
pub(crate) fn TokenMade(made: Made, input: CreatePlaybackTokenInput, open: RwSignal<bool>) -> impl IntoView {
    let publishes = made.record.door == Door::Ingest;
    let stream = made.record.streams.first().cloned();
    let link = stream
        .as_ref()
        .filter(|_| !publishes)
        .map(|name| watch_link(name, &made.token));
    let here = window().location().hostname().unwrap_or_default();
    let elsewhere = input
        .domains
        .as_ref()
        .is_some_and(|sites| !sites.is_empty() && !sites.contains(&here));
    let tool = RwSignal::new(Tool::Curl);
    let tools = vec![
        Choice::new(Tool::Curl, "curl"),
        Choice::new(Tool::Node, "Node"),
        Choice::new(Tool::Rust, "Rust"),
    ];
    let call = call(publishes, input);
    let credential = made.handle.clone().unwrap_or_else(|| made.token.clone());
    view! {
        <div class="dialog-body">
            <Notice tone=Tone::Warn>"It is shown this once. Only its record is kept, so it cannot be shown again."</Notice>
            {link.clone().filter(|_| !elsewhere).map(|link| view! { <CopyField label="Watch link" value=link/> })}
            {elsewhere.then(|| view! { <Notice tone=Tone::Calm>"It is for your own sites, so there is no watch link: play it in a player there."</Notice> })}
            <CopyField label="Token" value=made.token.clone() lines=true/>
            {match made.handle.clone() {
                Some(handle) => view! { <CopyField label="Handle" value=handle/> }.into_any(),
                None => view! { <MakeHandle token=made.token.clone()/> }.into_any(),
            }}
            {stream.clone().filter(|_| publishes).map(|name| view! { <Publish name credential=credential/> })}
            {stream.filter(|_| !publishes).map(|name| view! { <Embed name token=made.token/> })}
            <details class="more-ways">
                <summary>"Make the next one in your backend"</summary>
                <div class="stack-form">
                    <Choices legend="With" legend_hidden=true options=tools chosen=tool on_choose=move |one| tool.set(one)/>
                    <CopyField label="Snippet" value=Signal::derive(move || written(tool.get(), &call)) lines=true/>
                    <p class="field-hint">"PORTCULLIS_TOKEN is an API token of yours; its role has to allow making tokens. Keep it in your backend, never on a page."</p>
                </div>
            </details>
        </div>
        <footer class="dialog-foot">
            {link.filter(|_| !elsewhere).map(|link| view! { <a class="btn" href=link target="_blank" rel="noopener">"Watch with it"</a> })}
            <Button look=Look::Primary on_press=move |_| open.set(false)>"Done"</Button>
        </footer>
    }
}

/// The player on a page of one's own, and the address for another one.
#[component]
fn Embed(name: String, token: String) -> impl IntoView {
    let origin = browser::origin();
    let player = format!(
        "<script type=\"module\" src=\"{origin}/player.js\"></script>\n<portcullis-player src=\"{origin}/live/{name}\" token=\"{token}\"></portcullis-player>"
    );
    let hls = format!("{origin}/live/{name}/index.m3u8?token={token}");
    view! {
        <details class="more-ways">
            <summary>"Player for your own site"</summary>
            <div class="stack-form">
                <CopyField label="HTML" value=player lines=true/>
                <CopyField label="HLS address" value=hls/>
            </div>
        </details>
    }
}

/// Where an encoder publishes with it.
#[component]
fn Publish(name: String, credential: String) -> impl IntoView {
    let api = use_api();
    let name = StoredValue::new(name);
    let address = Load::new(move || async move { streams::ingest_url(api, &name.get_value()).await });
    move || {
        // The address as the server says it, with the token in place of the key.
        let url = address.value().get()?;
        let path = url.split('?').next().unwrap_or(&url).to_owned();
        Some(view! {
            <CopyField label="Address for the encoder" value=format!("{path}?token={credential}")/>
            <p class="field-hint">"Taken where the stream, or the organisation, asks broadcasters for a token."</p>
        })
    }
}

// The token stands in the fragment, which browsers send to nobody.
fn watch_link(name: &str, token: &str) -> String {
    format!("{}/watch#stream={name}&token={token}", browser::origin())
}

/// A call that makes a token: its address, and its body.
#[derive(Clone)]
struct Call {
    address: String,
    body: Value,
}

fn call(publishes: bool, input: CreatePlaybackTokenInput) -> Call {
    let address = format!("{}/api/v1/tokens", browser::origin());
    let mut body = if publishes {
        serde_json::to_value(CreatePublishTokenInput::from(input))
    } else {
        serde_json::to_value(input)
    }
    .unwrap_or_default();
    if publishes {
        body["door"] = json!("INGEST");
    }
    Call { address, body }
}

fn written(tool: Tool, call: &Call) -> String {
    let Call { address, body } = call;
    let body = serde_json::to_string_pretty(body).unwrap_or_default();
    match tool {
        Tool::Curl => format!(
            "curl --silent --fail-with-body {address} \\\n  --header \"Authorization: Bearer $PORTCULLIS_TOKEN\" \\\n  --header 'Content-Type: application/json' \\\n  --data @- <<'JSON'\n{body}\nJSON"
        ),
        Tool::Node => format!(
            "const answer = await fetch('{address}', {{\n  method: 'POST',\n  headers: {{\n    authorization: `Bearer ${{process.env.PORTCULLIS_TOKEN}}`,\n    'content-type': 'application/json',\n  }},\n  body: JSON.stringify({body}),\n}});\nconst {{ token }} = await answer.json();\nconsole.log(token);"
        ),
        Tool::Rust => {
            // A quotation mark and this sign would end the string; JSON has another way to write the sign.
            let body = body.replace("\"#", "\"\\u0023");
            format!(
                "// cargo add serde_json && cargo add ureq --features json\nfn main() -> Result<(), Box<dyn std::error::Error>> {{\n    let api_token = std::env::var(\"PORTCULLIS_TOKEN\")?;\n    let body = r#\"{body}\"#;\n    let answer: serde_json::Value = ureq::post(\"{address}\")\n        .header(\"authorization\", format!(\"Bearer {{api_token}}\"))\n        .header(\"content-type\", \"application/json\")\n        .send(body)?\n        .body_mut()\n        .read_json()?;\n    println!(\"{{}}\", answer[\"token\"].as_str().unwrap_or_default());\n    Ok(())\n}}"
            )
        }
    }
}
