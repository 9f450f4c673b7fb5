//! What a stream is called, how it is sorted, and whether viewers need a token.

use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use crate::{
    api::{
        client::use_api,
        people::Permission,
        streams::{self, Edit, SecurePlayback, Stream, StreamSwitch},
    },
    kit::{Button, Choice, Choices, Dialog, Look, Notice, Switch, TextField, Tone, changed},
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
    let called = stream.title.unwrap_or_default();
    let tagged: Vec<_> = stream.tags.into_iter().map(|tag| tag.name).collect();
    let (title, tags) = (RwSignal::new(called.clone()), RwSignal::new(tagged.join(", ")));
    let playback = RwSignal::new(before);
    let (lists, asks) = (stream.static_tokens, stream.backend_tokens);
    let (listed, asked) = (RwSignal::new(lists), RwSignal::new(asks));
    let strict = stream.mfa_required;
    let second_factor = RwSignal::new(strict);
    let stays = strict && !may(Permission::StreamOpen);
    let handed_over = stream.takeover;
    let takeover = RwSignal::new(handed_over);
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let name = stream.name;
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        failure.set(None);
        let edit = Edit {
            title: changed(title.get_untracked().trim().to_owned(), &called),
            tags: changed(streams::tags_of(&tags.get_untracked()), &tagged),
            secure_playback: changed(playback.get_untracked(), &before),
            static_tokens: changed(listed.get_untracked(), &lists),
            backend_tokens: changed(asked.get_untracked(), &asks),
            mfa_required: changed(second_factor.get_untracked(), &strict),
            takeover: changed(takeover.get_untracked(), &handed_over),
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
                <Switch
                    label="Second factor required"
                    value=second_factor
                    barred=Signal::stored(stays.then(|| "Only nanoAdmin takes it off.".to_owned()))
                    hint="Tokens must say that their bearer showed one: mfa in amr."
                />
                <Choices legend="Static tokens" options=switches(lists) chosen=listed on_choose=move |one| listed.set(one)/>
                <Choices
                    legend="Tokens that your webhook judges"
                    options=switches(asks)
                    chosen=asked
                    on_choose=move |one| asked.set(one)
                />
                {move || (second_factor.get() && !strict || leaves(lists, listed.get()) || leaves(asks, asked.get())).then(|| view! {
                    <Notice tone=Tone::Warn>"Viewers who do not fulfil this are cut off when you save."</Notice>
                })}
                <Switch
                    label="A second broadcaster takes over"
                    value=takeover
                    hint="The one who publishes is cut off; viewers stay. Otherwise the second is refused."
                />
                {move || failure.get().map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> })}
            </div>
            <footer class="dialog-foot">
                <Button on_press=move |_| open.set(false)>"Cancel"</Button>
                <Button look=Look::Primary submit=true busy>"Save"</Button>
            </footer>
        </form>
    }
}

/// What a stream may say for itself. Letting more in is for administrators.
fn switches(before: StreamSwitch) -> Vec<Choice<StreamSwitch>> {
    let mut options = vec![Choice::new(StreamSwitch::Inherit, "As the organisation says")];
    if may(Permission::StreamOpen) || before == StreamSwitch::On {
        options.push(Choice::new(StreamSwitch::On, "Let in"));
    }
    options.push(Choice::new(StreamSwitch::Off, "Refused"));
    options
}

/// Whether somebody may be watching who may not any more.
fn leaves(before: StreamSwitch, now: StreamSwitch) -> bool {
    before != now && now != StreamSwitch::On
}
