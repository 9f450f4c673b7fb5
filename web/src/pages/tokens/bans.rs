//! Viewers who are banned.

use leptos::prelude::*;

use super::{ClosedToRole, Head, ban::Ban};
use crate::{
    api::{
        bans::{self, BannedUser, UnbanUserInput},
        client::use_api,
        people::Permission,
    },
    kit::{
        Button, Confirm, Doing, Empty, Load, Loaded, Look, More, Name, SearchBox, Skeleton, Table, When, counted,
        nodes, use_toasts,
    },
    session::may,
};

/// The page.
#[component]
pub(crate) fn Bans() -> impl IntoView {
    let lead = "Whom no token lets in, whenever it was issued.";
    if !may(Permission::TokenRead) {
        return view! { <Head part="Banned viewers" lead/><ClosedToRole/> }.into_any();
    }
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let text = RwSignal::new(String::new());
    let asked = move || Some(text.get()).filter(|text| !text.is_empty());
    let load = Load::new(move || bans::page(api, asked(), None));
    let found = nodes(load);
    let banning = RwSignal::new(None::<String>);
    let (lifting, open) = (RwSignal::new(None::<String>), RwSignal::new(false));
    let lift = move |()| {
        let Some(user) = lifting.get_untracked() else { return };
        let input = UnbanUserInput { user: user.clone() };
        doing.run(bans::unban_user(api, input), move |_| {
            open.set(false);
            load.again();
            toasts.good(format!("{user} is banned no more."));
        });
    };
    let ask = Callback::new(move |user: String| {
        doing.forget();
        lifting.set(Some(user));
        open.set(true);
    });
    let new = move || {
        may(Permission::ViewerBan).then(|| view! {
            <Button look=Look::Primary icon=icondata_lu::LuUserX on_press=move |_| banning.set(Some(String::new()))>"Ban a viewer"</Button>
        })
    };
    let count = counted(load, "viewer", "viewers");
    view! {
        <Head part="Banned viewers" lead>{new()}</Head>
        <div class="filters">
            <SearchBox label="Search banned viewers" placeholder="Viewer or comment" text heard=move |typed: String| text.set(typed.trim().to_owned())/>
            <p class="filters-count" role="status">{count}</p>
        </div>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Show when=move || !found.with(Vec::is_empty) fallback=move || {
                if text.with(String::is_empty) {
                    view! { <Empty icon=icondata_lu::LuUserX title="Nobody is banned" text="A ban refuses every token that names a viewer, those of tomorrow too. A revocation takes back what was issued up to now."/> }
                } else {
                    view! { <Empty icon=icondata_lu::LuSearch title="Nobody fits" text="Try another text."/> }
                }
            }>
                <Table caption="Banned viewers" columns=vec!["Viewer", "By", "Since", ""]>
                    <For each=move || found.get() key=|one| format!("{one:?}") let:one>
                        <Row one ask/>
                    </For>
                </Table>
                <More load ask=move |after| bans::page(api, Some(text.get_untracked()).filter(|text| !text.is_empty()), after)/>
            </Show>
        </Loaded>
        <Ban asked=banning on_banned=move |()| load.again()/>
        <Confirm open busy=doing.busy failure=doing.failure title="Take the ban back?" action="Take back" on_confirm=lift>
            <p>{move || format!("Tokens that name {} open again, if they are good. What was revoked stays revoked.", lifting.get().unwrap_or_default())}</p>
        </Confirm>
    }
    .into_any()
}

#[component]
fn Row(one: BannedUser, ask: Callback<String>) -> impl IntoView {
    let user = StoredValue::new(one.user.clone());
    let name = format!("Take back the ban of {}", one.user);
    view! {
        <tr>
            <th scope="row">
                <span class="line">{one.user}</span>
                {one.note.map(|note| view! { <span class="under">{note}</span> })}
            </th>
            <td data-label="By">{one.banned_by.map(|actor| view! { <Name of=actor.name/> })}</td>
            <td data-label="Since" class="soft"><When at=one.banned_at/></td>
            <td class="acts">{may(Permission::ViewerBan).then(|| view! {
                <Button look=Look::Quiet on_press=move |_| ask.run(user.get_value()) attr:aria-label=name>"Take back"</Button>
            })}</td>
        </tr>
    }
}
