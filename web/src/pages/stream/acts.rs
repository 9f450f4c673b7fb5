//! What may be done to the stream. What the role may not do, or the state does not call for, is not offered.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_navigate;

use super::KeyChanged;
use crate::{
    api::{actions, client::use_api, failure::Failure, organisation::Package, people::Permission, scalar::StreamState},
    kit::{Confirm, Icon, Menu, MenuItem, use_toasts},
    pages::lacking::use_lacking,
    session::use_person,
};

/// One of the actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Test,
    Start,
    Stop,
    Lock,
    Unlock,
    Rotate,
    Delete,
}

impl Act {
    const ALL: [Self; 7] = [
        Self::Test,
        Self::Start,
        Self::Stop,
        Self::Lock,
        Self::Unlock,
        Self::Rotate,
        Self::Delete,
    ];

    /// Whether the state calls for it.
    const fn fits(self, state: StreamState) -> bool {
        match self {
            Self::Test => matches!(state, StreamState::Created | StreamState::Ended),
            Self::Start => matches!(state, StreamState::Stopped),
            Self::Stop => matches!(state, StreamState::Created | StreamState::Ended | StreamState::Live),
            Self::Lock => !matches!(state, StreamState::Locked | StreamState::Deleted),
            Self::Unlock => matches!(state, StreamState::Locked),
            Self::Rotate | Self::Delete => !matches!(state, StreamState::Deleted),
        }
    }

    const fn permission(self) -> Permission {
        match self {
            Self::Test => Permission::TestSourceStart,
            Self::Start => Permission::StreamStart,
            Self::Stop => Permission::StreamStop,
            Self::Lock => Permission::StreamLock,
            Self::Unlock => Permission::StreamUnlock,
            Self::Rotate => Permission::IngestKeyRotate,
            Self::Delete => Permission::StreamDelete,
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Test => "Start test source",
            Self::Start => "Start stream",
            Self::Stop => "Stop stream",
            Self::Lock => "Lock stream",
            Self::Unlock => "Unlock stream",
            Self::Rotate => "Rotate ingest key",
            Self::Delete => "Delete stream",
        }
    }

    const fn icon(self) -> icondata_core::Icon {
        match self {
            Self::Test => icondata_lu::LuClapperboard,
            Self::Start => icondata_lu::LuPlay,
            Self::Stop => icondata_lu::LuCircleStop,
            Self::Lock => icondata_lu::LuLock,
            Self::Unlock => icondata_lu::LuLockOpen,
            Self::Rotate => icondata_lu::LuRotateCcwKey,
            Self::Delete => icondata_lu::LuTrash2,
        }
    }

    /// What to tell before doing it; `None` for what can be taken back at once.
    const fn warning(self) -> Option<&'static str> {
        match self {
            Self::Stop => {
                Some("The broadcaster is disconnected now, and its key is barred until you start the stream again.")
            }
            Self::Lock => Some(
                "The broadcaster and every viewer are disconnected now, and nobody is let in until you unlock the stream.",
            ),
            Self::Rotate => {
                Some("The key in use ends now, and with it a running broadcast. The encoder needs the new key.")
            }
            Self::Delete => Some(
                "Everybody is disconnected, and the name, the key and the tokens of this stream are worth nothing any more. This cannot be undone.",
            ),
            Self::Test | Self::Start | Self::Unlock => None,
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Test => "The test source is publishing.",
            Self::Start => "The stream takes publishers again.",
            Self::Stop => "The stream is stopped.",
            Self::Lock => "The stream is locked.",
            Self::Unlock => "The stream is unlocked.",
            Self::Rotate => "There is a new ingest key. Reveal it under “Publish”.",
            Self::Delete => "The stream is deleted.",
        }
    }
}

/// The menu, and the question that comes before the grave ones.
#[component]
pub(super) fn Acts(name: String, #[prop(into)] state: Signal<StreamState>) -> impl IntoView {
    let (api, toasts, person) = (use_api(), use_toasts(), use_person());
    let (navigate, key) = (use_navigate(), use_context::<KeyChanged>());
    let name = StoredValue::new(name);
    let (asked, open) = (RwSignal::new(Act::Stop), RwSignal::new(false));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let perform = Callback::new(move |act: Act| {
        busy.set(true);
        failure.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            let outcome = run(act, api, &name.get_value()).await;
            busy.try_set(false);
            match outcome {
                Ok(()) => {
                    toasts.good(act.done());
                    if let (Act::Rotate, Some(key)) = (act, key) {
                        key.0.update(|times| *times += 1);
                    }
                    open.try_set(false);
                    if act == Act::Delete {
                        navigate("/streams", leptos_router::NavigateOptions::default());
                    }
                }
                Err(refusal) if open.try_get_untracked() == Some(true) => {
                    failure.try_set(Some(refusal.to_string()));
                }
                Err(refusal) => toasts.bad(refusal.to_string()),
            }
        });
    });
    let choose = move |act: Act| {
        if act.warning().is_some() {
            failure.set(None);
            asked.set(act);
            open.set(true);
        } else {
            perform.run(act);
        }
    };
    let lacks_live = use_lacking(Package::Live);
    let offered = Memo::new(move |_| {
        let lacks = |act: &Act| *act == Act::Test && lacks_live.get();
        Act::ALL
            .into_iter()
            .filter(|act| act.fits(state.get()) && person.with(|person| person.may(act.permission())) && !lacks(act))
            .collect::<Vec<_>>()
    });
    view! {
        <Show when=move || !offered.with(Vec::is_empty)>
            <Menu label="Actions" class="btn" button=|| view! { <span>"Actions"</span><Icon of=icondata_lu::LuChevronDown/> }>
                <For each=move || offered.get() key=|act| act.label() let:act>
                    <MenuItem icon=act.icon() danger=act == Act::Delete on_choose=move |()| choose(act)>{act.label()}</MenuItem>
                </For>
            </Menu>
        </Show>
        <Confirm
            open busy failure
            title=Signal::derive(move || format!("{}?", asked.get().label()))
            action=Signal::derive(move || asked.get().label().to_owned())
            on_confirm=move |()| perform.run(asked.get_untracked())
        >
            <p>{move || asked.get().warning()}</p>
            <p class="mono soft">{name.get_value()}</p>
        </Confirm>
    }
}

async fn run(act: Act, api: crate::api::client::Api, name: &str) -> Result<(), Failure> {
    match act {
        Act::Test => actions::start_test_source(api, name).await,
        Act::Start => actions::start_stream(api, name).await,
        Act::Stop => actions::stop_stream(api, name).await,
        Act::Lock => actions::lock_stream(api, name).await,
        Act::Unlock => actions::unlock_stream(api, name).await,
        Act::Rotate => actions::rotate_ingest_key(api, name).await,
        Act::Delete => actions::delete_stream(api, name).await,
    }
}
