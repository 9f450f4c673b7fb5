//! What a stream is called, how it is sorted, and whether viewers need a token.

use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use crate::{
    api::{
        client::use_api,
        people::Permission,
        streams::{self, Edit, SecurePlayback, Stream},
    },
    kit::{Button, Choice, Choices, Dialog, Look, Notice, TextField, Tone},
    session::may,
};

/// The dialog. `on_saved` hears of the stream as it is then.
#[component]
pub(super) fn EditStream(
    open: RwSignal<bool>,
    stream: RwSignal<Option<Stream>>,
    #[prop(into)] on_saved: Callback<Stream>,
) -> impl IntoView {
    view! {
        <Dialog open title="Edit stream" wide=true>
            {move || stream.get_untracked().map(|stream| view! { <Form open stream on_saved/> })}
        </Dialog>
    }
}

#[component]
fn Form(open: RwSignal<bool>, stream: Stream, on_saved: Callback<Stream>) -> impl IntoView {
    let api = use_api();
    let before = stream.secure_playback;
    let title = RwSignal::new(stream.title.unwrap_or_default());
    let tags = RwSignal::new(
        stream
            .tags
            .into_iter()
            .map(|tag| tag.name)
            .collect::<Vec<_>>()
            .join(", "),
    );
    let playback = RwSignal::new(before);
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let name = stream.name;
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        failure.set(None);
        let edit = Edit {
            title: title.get_untracked(),
            tags: streams::tags_of(&tags.get_untracked()),
            secure_playback: Some(playback.get_untracked()).filter(|now| *now != before),
        };
        let name = name.clone();
        spawn_local(async move {
            match streams::update(api, name, edit).await {
                Ok(stream) => {
                    on_saved.run(stream);
                    open.try_set(false);
                }
                Err(refusal) => drop(failure.try_set(Some(refusal.to_string()))),
            }
            busy.try_set(false);
        });
    };
    let mut options = vec![
        Choice::new(SecurePlayback::Inherit, "As the organisation says"),
        Choice::new(SecurePlayback::Required, "Token required"),
    ];
    if may(Permission::StreamOpen) || before == SecurePlayback::Open {
        options.push(Choice::new(SecurePlayback::Open, "Open to everybody"));
    }
    view! {
        <form on:submit=submit>
            <div class="dialog-body">
                <TextField label="Title" value=title autofocus=true/>
                <TextField label="Tags" value=tags hint="Separated by commas."/>
                <Choices legend="Who may watch" options chosen=playback on_choose=move |one| playback.set(one)/>
                {move || (before == SecurePlayback::Open && playback.get() != SecurePlayback::Open).then(|| view! {
                    <Notice tone=Tone::Warn>"Viewers who watch without a token are cut off when you save."</Notice>
                })}
                {move || failure.get().map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> })}
            </div>
            <footer class="dialog-foot">
                <Button on_press=move |_| open.set(false)>"Cancel"</Button>
                <Button look=Look::Primary submit=true busy>"Save"</Button>
            </footer>
        </form>
    }
}
