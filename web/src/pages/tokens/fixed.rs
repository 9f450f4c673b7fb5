//! Static tokens: texts in a list that let in until they expire, shown as what they are: a tool for tests.

use std::time::Duration;

use guard::lint::{Traits, lint};
use leptos::prelude::*;

use super::{
    super::lacking::{Lacking, barred, use_lacking},
    ClosedToRole, Findings, Head,
};
use crate::{
    api::{
        client::use_api,
        organisation::{self, Package, UpdateSettingsInput},
        people::Permission,
        static_tokens::{self, CreateStaticTokenInput, Listed, RemoveStaticTokenInput, StaticToken},
        streams,
        tokens::Door,
    },
    kit::{
        Badge, Button, Choice, Choices, Confirm, Dialog, DialogForm, Doing, Empty, Load, Loaded, Look, Name, Notice,
        Select, ShownOnce, Skeleton, Table, TextField, Tone, When, use_toasts,
    },
    session::may,
    time,
};

const LIFETIMES: [(i32, &str); 5] = [
    (900, "15 min"),
    (3600, "1 h"),
    (86_400, "24 h"),
    (604_800, "7 days"),
    (2_592_000, "30 days"),
];
const USUAL_LIFETIME_S: i32 = 3600;

/// The page.
#[component]
pub(crate) fn StaticTokens() -> impl IntoView {
    let lead = "Texts that let in until they expire, the same for everybody who has them. A tool for tests.";
    if !may(Permission::TokenRead) {
        return view! { <Head part="Static tokens" lead/><ClosedToRole/> }.into_any();
    }
    let api = use_api();
    let load = Load::new(move || static_tokens::all(api));
    let making = RwSignal::new(false);
    let listed = Memo::new(move |_| {
        load.value()
            .with(|all| all.as_ref().map(|all| all.tokens.clone()).unwrap_or_default())
    });
    let lacking = use_lacking(Package::Secure);
    let barred = barred(Package::Secure, lacking);
    let new = move || {
        may(Permission::StaticTokenWrite).then(|| view! {
            <Button look=Look::Primary icon=icondata_lu::LuPlus barred on_press=move |_| making.set(true)>"New static token"</Button>
        })
    };
    view! {
        <Head part="Static tokens" lead>{new()}</Head>
        <Lacking package=Package::Secure when=lacking so="playback is open, and tokens cannot be made"/>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Standing load/>
            <Show when=move || !listed.with(Vec::is_empty) fallback=|| view! {
                <Empty icon=icondata_lu::LuKeySquare title="No static tokens" text=if may(Permission::StaticTokenWrite) {
                    "For viewers, make a token of their own each: what is the same for all can be passed on, and nobody is known by it."
                } else {
                    "Static tokens are made by nanoAdmin."
                }/>
            }>
                <List listed load/>
            </Show>
        </Loaded>
        <New open=making on_made=move |()| load.again()/>
    }
    .into_any()
}

/// Whether the list lets in, and the switch for who may.
#[component]
fn Standing(load: Load<Listed>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (asking, may_switch) = (RwSignal::new(false), may(Permission::OrganisationUpdate));
    let let_in = Memo::new(move |_| load.value().with(|all| all.as_ref().is_some_and(|all| all.let_in)));
    let switch = move |()| {
        let to = !let_in.get_untracked();
        let input = UpdateSettingsInput {
            static_tokens: Some(to),
            ..UpdateSettingsInput::default()
        };
        doing.run(organisation::update_settings(api, input), move |_| {
            asking.set(false);
            load.again();
            toasts.good(if to {
                "Static tokens let in."
            } else {
                "Static tokens let nobody in any more."
            });
        });
    };
    let press = move |_| {
        doing.forget();
        asking.set(true);
    };
    view! {
        <div class="standing">
            {move || if let_in.get() {
                view! { <Badge tone=Tone::Warn text="Let in"/><p>"Whoever has a text of this list comes in until it expires."</p> }.into_any()
            } else {
                view! { <Badge tone=Tone::Calm text="Switched off"/><p>"No static token lets in: your organisation has switched them off."</p> }.into_any()
            }}
            {if may_switch {
                view! { <Button on_press=press>{move || if let_in.get() { "Switch off" } else { "Switch on" }}</Button> }.into_any()
            } else {
                view! { <span class="soft">"Switched by nanoAdmin."</span> }.into_any()
            }}
        </div>
        <Confirm
            open=asking busy=doing.busy failure=doing.failure on_confirm=switch
            title=Signal::derive(move || if let_in.get() { "Switch static tokens off?" } else { "Let static tokens in?" }.to_owned())
            action=Signal::derive(move || if let_in.get() { "Switch off" } else { "Switch on" }.to_owned())
        >
            <p>{move || if let_in.get() {
                "Whoever watches with one is cut off now. The list stays."
            } else {
                "Every text of the list lets in until it expires, whoever has it."
            }}</p>
        </Confirm>
    }
}

#[component]
fn List(listed: Memo<Vec<StaticToken>>, load: Load<Listed>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (asked, open) = (RwSignal::new(None::<StaticToken>), RwSignal::new(false));
    let ask = Callback::new(move |one| {
        doing.forget();
        asked.set(Some(one));
        open.set(true);
    });
    let remove = move |()| {
        let Some(one) = asked.get_untracked() else { return };
        let input = RemoveStaticTokenInput { id: one.id };
        doing.run(static_tokens::remove_static_token(api, input), move |payload| {
            open.set(false);
            load.again();
            let ended = payload.change.map_or(0, |change| change.sessions_ended);
            toasts.good(match ended {
                0 => format!("{} is revoked.", one.name),
                ended => format!(
                    "{} is revoked: cut {}.",
                    one.name,
                    time::count(ended, "session", "sessions")
                ),
            });
        });
    };
    view! {
        <Table caption="Static tokens" columns=vec!["Static token", "Opens", "Status", "Made", "Expires", ""]>
            <For each=move || listed.get() key=|one| one.id.clone() let:one>
                <Row one ask/>
            </For>
        </Table>
        <Confirm open busy=doing.busy failure=doing.failure title="Revoke this static token?" action="Revoke" on_confirm=remove>
            <p>{move || format!("{} opens nothing any more, and whoever watches with it is cut off now. This cannot be undone.", asked.get().map(|one| one.name).unwrap_or_default())}</p>
        </Confirm>
    }
}

#[component]
fn Row(one: StaticToken, ask: Callback<StaticToken>) -> impl IntoView {
    let (now, ends) = (time::use_now(), time::millis(&one.expires_at));
    let over = Memo::new(move |_| ends <= now.get());
    let tone = Signal::derive(move || if over.get() { Tone::Calm } else { Tone::Warn });
    let text = Signal::derive(move || if over.get() { "Expired" } else { "Static" }.to_owned());
    let opens = if one.organisation_wide {
        "every stream".to_owned()
    } else {
        one.streams.join(", ")
    };
    let name = format!("Revoke {}", one.name);
    let kept = StoredValue::new(one.clone());
    let publishes = one.door == Door::Ingest;
    view! {
        <tr>
            <th scope="row">
                <span class="line">{one.name}{publishes.then(|| view! { <span class="tag tag-publish">"publishes"</span> })}</span>
                <span class="mono under">{one.prefix}"…"</span>
            </th>
            <td data-label="Opens" class="mono opens">{opens}</td>
            <td data-label="Status"><Badge tone text/></td>
            <td data-label="Made" class="soft"><span><When at=one.created_at/>{one.created_by.map(|actor| view! { <span class="under"><Name of=actor.name/></span> })}</span></td>
            <td data-label="Expires" class="soft"><When at=one.expires_at/></td>
            <td class="acts">{may(Permission::StaticTokenWrite).then(|| view! {
                <Button look=Look::Quiet on_press=move |_| ask.run(kept.get_value()) attr:aria-label=name>"Revoke"</Button>
            })}</td>
        </tr>
    }
}

/// First what it is to be, with the linter's word beside it; then its text, once.
#[component]
fn New(open: RwSignal<bool>, #[prop(into)] on_made: Callback<()>) -> impl IntoView {
    let made = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        open.track();
        made.set(None); // seen once, and gone when the dialog is
    });
    let title = Signal::derive(move || {
        if made.with(Option::is_some) {
            "Copy the text now"
        } else {
            "New static token"
        }
        .to_owned()
    });
    view! {
        <Dialog open title wide=true>
            {move || match made.get() {
                None => view! { <Form open on_made=move |text| { on_made.run(()); made.set(Some(text)); }/> }.into_any(),
                Some(text) => view! { <ShownOnce label="Text" secret=text warning="It is shown this once, and kept nowhere. It goes where a token goes: ?token=, or Bearer." open/> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn Form(open: RwSignal<bool>, #[prop(into)] on_made: Callback<String>) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let (name, text, stream) = (
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
    );
    let (door, ttl_s) = (RwSignal::new(Door::Playback), RwSignal::new(USUAL_LIFETIME_S));
    let streams = Load::new(move || streams::all(api));
    let options = Signal::derive(move || {
        let all = streams.value().get().unwrap_or_default();
        let known = all.iter().map(|one| (one.name.clone(), one.caption()));
        [(String::new(), "All streams".to_owned())]
            .into_iter()
            .chain(known)
            .collect::<Vec<_>>()
    });
    let findings = Signal::derive(move || {
        lint(&Traits {
            publishes: door.get() == Door::Ingest,
            lifetime: Duration::from_secs(u64::try_from(ttl_s.get()).unwrap_or(0)),
            organisation_wide: stream.with(String::is_empty),
            has_ip: false,
            has_domains: false,
            has_user: false,
            has_tag: false,
            revocable: true,
            force_disconnect: true,
            is_static: true,
        })
    });
    let submit = move |()| {
        let stream = Some(stream.get_untracked()).filter(|name| !name.is_empty());
        let input = CreateStaticTokenInput {
            name: name.get_untracked(),
            door: door.get_untracked(),
            organisation: stream.is_none().then_some(true),
            streams: stream.map(|name| vec![name]),
            ttl_seconds: Some(ttl_s.get_untracked()),
            text: Some(text.get_untracked()).filter(|text| !text.is_empty()),
        };
        doing.run(static_tokens::create_static_token(api, input), move |payload| {
            on_made.run(payload.text.unwrap_or_default());
        });
    };
    let doors = [Door::Playback, Door::Ingest]
        .map(|one| Choice::new(one, one.label()))
        .to_vec();
    view! {
        <DialogForm doing open action="Make static token" on_submit=submit>
            <Notice tone=Tone::Warn>"Whoever has the text comes in, from anywhere: for tests, and for devices that can do no better."</Notice>
            <TextField label="Name" value=name required=true autofocus=true placeholder="Set-top box in the lab" hint="Sessions on it are known by this name."/>
            <div class="two">
                <Choices legend="Lets" options=doors chosen=door on_choose=move |one| door.set(one)/>
                <Choices legend="Valid for" options=LIFETIMES.map(|(s, label)| Choice::new(s, label)).to_vec() chosen=ttl_s on_choose=move |s| ttl_s.set(s)/>
            </div>
            <Select label="For" options chosen=stream on_choose=move |name| stream.set(name)/>
            <TextField label="Text" value=text mono=true hint="16 to 256 letters, digits, -, _ and ~; made for you where you leave it empty."/>
            <section class="advice" aria-label="What stands against it"><h3>"Linter"</h3><Findings findings/></section>
        </DialogForm>
    }
}
