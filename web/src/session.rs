//! Who sits in front of the dashboard, in which organisation, and what they may do. What a role may not do is not
//! offered; the server judges all the same.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::{
        client::Api,
        failure::Failure,
        people::{self, OrganisationName, Permission, Viewer},
        scalar::Role,
    },
    browser,
    shell::forget_searches,
};

const ORGANISATION_KEY: &str = "portcullis.organisation";

/// Whether anybody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Unknown,
    Out,
    Failed(Failure),
    In(Person),
}

/// Who is signed in. Whoever acts in no organisation has their account still, and operators the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) viewer: Viewer,
}

impl Person {
    /// The role here.
    pub(crate) fn role(&self) -> Role {
        self.viewer.role.unwrap_or(Role::ReadOnly)
    }

    /// The organisation that requests act in; `None` for whoever belongs to none, or to one that is closed to this
    /// sign-in.
    pub(crate) const fn organisation(&self) -> Option<&OrganisationName> {
        self.viewer.organisation.as_ref()
    }

    /// The hash of that organisation.
    pub(crate) fn hash(&self) -> String {
        self.organisation().map(|one| one.hash.clone()).unwrap_or_default()
    }

    /// The roles that the person may give to software of theirs.
    pub(crate) fn roles_up_to_own(&self) -> Vec<Role> {
        let own = self.role();
        let mut roles = Role::ALL.to_vec();
        roles.truncate(Role::ALL.iter().position(|role| *role == own).map_or(0, |at| at + 1));
        roles
    }

    /// What to call the person.
    pub(crate) fn name(&self) -> String {
        let name = Some(self.viewer.name.clone()).filter(|name| !name.is_empty());
        name.or_else(|| self.viewer.email.clone()).unwrap_or_default()
    }

    /// What to call the user of a session: members watch from the dashboard, under their membership's id.
    pub(crate) fn user_label(&self, user: Option<&str>) -> String {
        match user {
            None => "A viewer".into(),
            Some(user) if self.viewer.memberships.iter().any(|one| one.id.inner() == user) => "You".into(),
            Some(user) if user.starts_with("mem_") => "A colleague".into(),
            Some(user) => user.to_owned(),
        }
    }

    /// What the role allows here. The server says it; no rule about roles is written down in the dashboard.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.viewer.permissions.contains(&permission)
    }
}

/// Whether the person in front may do that; only inside the shell.
pub(crate) fn may(permission: Permission) -> bool {
    use_person().with_untracked(|person| person.may(permission))
}

/// The standing of this tab.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    standing: RwSignal<Standing>,
    news: RwSignal<Option<String>>,
    api: Api,
}

/// The one session.
pub(crate) fn use_session() -> Session {
    expect_context()
}

/// Who is signed in; only inside the shell, which shows itself to nobody else.
pub(crate) fn use_person() -> Signal<Person> {
    expect_context()
}

impl Session {
    /// Makes the API client and asks who is there.
    pub(crate) fn provide() {
        let api = Api {
            organisation: RwSignal::new(chosen()),
            signed_out: RwSignal::new(false),
            times_forbidden: RwSignal::new(0),
            times_changed: RwSignal::new(0),
            server_ahead_ms: StoredValue::new(0.0),
        };
        let session = Self {
            standing: RwSignal::new(Standing::Unknown),
            news: RwSignal::new(None),
            api,
        };
        provide_context(api);
        provide_context(session);
        Effect::new(move |_| {
            if api.signed_out.get() {
                session.standing.set(Standing::Out);
            }
        });
        session.refresh();
    }

    pub(crate) fn standing(self) -> Signal<Standing> {
        self.standing.into()
    }

    /// What others changed about this person while the page was open; `None` once it was read.
    pub(crate) fn news(self) -> RwSignal<Option<String>> {
        self.news
    }

    /// The hash of the organisation that this tab asks for, whether it is open to the person or not.
    pub(crate) fn chosen(self) -> Option<String> {
        self.api.organisation.get_untracked()
    }

    /// Asks the server who is signed in.
    pub(crate) fn refresh(self) {
        self.standing.set(Standing::Unknown);
        spawn_local(async move {
            let now = self.ask().await;
            self.api.signed_out.set(false);
            self.standing.set(now);
        });
    }

    /// Asks again without a word: access may have been taken or changed. Nothing moves where all is as before.
    pub(crate) fn recheck(self) {
        spawn_local(async move {
            let Standing::In(now) = self.ask().await else {
                return; // signed out is noticed by the client, and a server that is away changes nothing
            };
            let before = self.standing.get_untracked();
            if before == Standing::In(now.clone()) {
                return;
            }
            if let Standing::In(before) = before {
                self.news.set(told(&before, &now));
            }
            self.standing.set(Standing::In(now));
        });
    }

    async fn ask(self) -> Standing {
        let mut answer = people::viewer(self.api).await;
        // The organisation kept here may be one that the person has left.
        if matches!(answer, Err(Failure::NotFound | Failure::Forbidden))
            && self.api.organisation.get_untracked().is_some()
        {
            self.choose(None);
            answer = people::viewer(self.api).await;
        }
        match answer {
            Ok(viewer) => {
                if let Some(organisation) = &viewer.organisation {
                    self.choose(Some(&organisation.hash));
                }
                Standing::In(Person { viewer })
            }
            Err(Failure::SignedOut) => Standing::Out,
            Err(failure) => Standing::Failed(failure),
        }
    }

    fn choose(self, hash: Option<&str>) {
        keep(hash);
        self.api.organisation.set(hash.map(str::to_owned));
    }

    /// Goes to another organisation. The page starts afresh, so that nothing of the one is left in the other.
    pub(crate) fn switch(hash: &str) {
        keep(Some(hash));
        browser::restart_at("/streams");
    }

    /// Forgets which organisation was chosen here, and lets the server say: the newest membership.
    pub(crate) fn start_afresh() {
        keep(None);
        browser::restart_at("/streams");
    }

    /// Signs out here and on the server, and starts afresh.
    pub(crate) fn sign_out(self) {
        spawn_local(async move {
            let _ = people::sign_out(self.api).await; // a server that is away does not keep anybody on this page
            keep(None);
            forget_searches();
            browser::restart_at("/sign-in");
        });
    }
}

/// What a person is told when they stand elsewhere than before.
fn told(before: &Person, now: &Person) -> Option<String> {
    let was = before.organisation()?;
    let is_member = now
        .viewer
        .memberships
        .iter()
        .any(|one| one.organisation.hash == was.hash);
    if !is_member {
        return Some(match now.organisation() {
            Some(other) => format!("You are not a member of {} any more. This is {}.", was.name, other.name),
            None => format!("You are not a member of {} any more.", was.name),
        });
    }
    let role = now.viewer.role.filter(|role| before.viewer.role != Some(*role))?;
    Some(format!(
        "Your role in {} is {} now. {}",
        was.name,
        role.label(),
        role.sentence()
    ))
}

/// The organisation of this tab, so that two tabs can show two; a new tab begins with the one chosen last.
fn chosen() -> Option<String> {
    browser::kept_in_tab(ORGANISATION_KEY).or_else(|| browser::kept(ORGANISATION_KEY))
}

fn keep(hash: Option<&str>) {
    browser::keep_in_tab(ORGANISATION_KEY, hash);
    browser::keep(ORGANISATION_KEY, hash);
}
