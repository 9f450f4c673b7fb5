//! Who watches now. Sessions come and go by subscription; what was running before is loaded once.

use leptos::prelude::*;

use super::end_session::EndSession;
use crate::{
    api::{
        client::use_api,
        events::{self, SessionEvent, SessionEventKind},
        live::use_live,
        people::Permission,
        sessions::{self, Door, Session},
    },
    kit::{Button, Card, Empty, Load, Loaded, Look, Skeleton, Table, Told},
    pages::misuse::ExportButton,
    session::{may, use_person},
    time,
};

/// So many are shown until somebody wants all.
const SHOWN_AT_FIRST: usize = 8;

/// The running sessions of a stream.
#[component]
pub(super) fn Sessions(name: String) -> impl IntoView {
    let (api, live) = (use_api(), use_live());
    let name = StoredValue::new(name);
    let told = Told::new(come_or_go);
    let load = Load::new(move || told.answered(async move { sessions::of_stream(api, &name.get_value()).await }))
        .anew_when(move || {
            live.times_connected();
        });
    live.subscribe(
        move || Some(events::session_events(Some(name.get_value()), Some(Door::Playback))),
        move |event| told.hear(load, event.session_events),
    );
    let sessions = Memo::new(move |_| load.value().get().unwrap_or_default());
    let all = RwSignal::new(false);
    let asked = RwSignal::new(Vec::<Session>::new());
    let ask = may(Permission::SessionEnd).then(|| Callback::new(move |session| asked.set(vec![session])));
    let columns = StoredValue::new(if ask.is_some() {
        vec!["Viewer", "Address", "Through", "For", ""]
    } else {
        vec!["Viewer", "Address", "Through", "For"]
    });
    let shown = Memo::new(move |_| {
        let most = if all.get() { usize::MAX } else { SHOWN_AT_FIRST };
        sessions.with(|sessions| sessions.iter().take(most).cloned().collect::<Vec<_>>())
    });
    let hidden = Memo::new(move |_| sessions.with(Vec::len).saturating_sub(shown.with(Vec::len)));
    view! {
        <Card title="Watching now" flush=true acts=move || view! {
            <ExportButton table="sessions" narrowed=move |()| vec![("stream", name.get_value())] look=Look::Quiet/>
        }>
            <Loaded load skeleton=|| view! { <Skeleton lines=3/> }>
                <Show when=move || !sessions.with(Vec::is_empty) fallback=|| view! {
                    <Empty icon=icondata_lu::LuUsers title="Nobody is watching" text="Viewers appear here the moment they are let in."/>
                }>
                    <Table caption="Running sessions" columns=columns.get_value()>
                        <For each=move || shown.get() key=|session| session.id.clone() let:session>
                            <Row session ask/>
                        </For>
                    </Table>
                    <Show when=move || hidden.get() != 0>
                        <div class="more">
                            <Button on_press=move |_| all.set(true)>{move || format!("Show {} more", hidden.get())}</Button>
                        </div>
                    </Show>
                </Show>
            </Loaded>
        </Card>
        <EndSession asked/>
    }
}

/// Who came stands at the top, and who left nowhere.
fn come_or_go(sessions: &mut Vec<Session>, event: SessionEvent) {
    let Some(session) = event.session else { return };
    sessions.retain(|one| one.id != session.id);
    if event.kind == SessionEventKind::Started {
        sessions.insert(0, session);
    }
}

#[component]
fn Row(session: Session, ask: Option<Callback<Session>>) -> impl IntoView {
    let user = use_person().with_untracked(|person| person.user_label(session.user.as_deref()));
    let label = format!("End the session of {user} at {}", session.address);
    let whole = StoredValue::new(session.clone());
    let (now, began) = (time::use_now(), time::millis(&session.started_at));
    let lasted = Memo::new(move |_| time::span(began, now.get()));
    view! {
        <tr>
            <th scope="row">
                <span class="line">
                    {user}
                    {session.tag.map(|tag| view! { <span class="tag">{tag}</span> })}
                </span>
            </th>
            <td data-label="Address" class="mono">{session.address}</td>
            <td data-label="Through">{session.protocol.label()}</td>
            <td data-label="For" class="num">{lasted}</td>
            {ask.map(|ask| view! {
                <td class="acts">
                    <Button look=Look::Quiet on_press=move |_| ask.run(whole.get_value()) attr:aria-label=label>"End"</Button>
                </td>
            })}
        </tr>
    }
}
