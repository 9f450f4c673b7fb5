//! The Polar policy, asked once for every role and operation.

use std::collections::BTreeSet;

use oso::{Oso, OsoError, PolarClass};

use crate::{Action, PlatformAction, Role};

/// What each role may do, as the Polar policy says.
#[derive(Clone, Debug)]
pub struct Policy {
    allowed: BTreeSet<(Role, Action)>,
    on_platform: BTreeSet<(bool, PlatformAction)>,
}

/// The policy is unusable: our bug, found at start.
#[derive(Debug, thiserror::Error)]
#[error("the policy of roles is unusable: {0}")]
pub struct PolicyError(String);

impl Policy {
    /// Loads the policy that is part of the program.
    pub fn load() -> Result<Self, PolicyError> {
        let oso = engine()?;
        let mut allowed = BTreeSet::new();
        for role in Role::ALL {
            for action in Action::ALL {
                if ask(&oso, role, *action, OWN)? {
                    allowed.insert((role, *action));
                }
            }
        }
        let mut on_platform = BTreeSet::new();
        for is_operator in [true, false] {
            for action in PlatformAction::ALL {
                if oso.is_allowed(Operator { is_operator }, action.as_str(), Platform)? {
                    on_platform.insert((is_operator, *action));
                }
            }
        }
        Ok(Self { allowed, on_platform })
    }

    /// Whether a member of `role` may do `action` in the member's own organisation.
    pub fn allows(&self, role: Role, action: Action) -> bool {
        self.allowed.contains(&(role, action))
    }

    /// Whether a person who is, or is not, a platform operator may do `action`.
    pub fn allows_on_platform(&self, is_operator: bool, action: PlatformAction) -> bool {
        self.on_platform.contains(&(is_operator, action))
    }

    /// Everything that a member of `role` may do.
    pub fn actions(&self, role: Role) -> impl Iterator<Item = Action> {
        Action::ALL
            .iter()
            .copied()
            .filter(move |action| self.allows(role, *action))
    }
}

/// A member as the policy sees one.
#[derive(Clone, PolarClass)]
struct Member {
    #[polar(attribute)]
    role: String,
    #[polar(attribute)]
    organisation: i64,
}

/// An organisation as the policy sees one.
#[derive(Clone, PolarClass)]
struct Tenant {
    #[polar(attribute)]
    organisation: i64,
}

/// A person as the policy sees one who may be a platform operator.
#[derive(Clone, PolarClass)]
struct Operator {
    #[polar(attribute)]
    is_operator: bool,
}

/// The installation.
#[derive(Clone, PolarClass)]
struct Platform;

impl From<OsoError> for PolicyError {
    fn from(error: OsoError) -> Self {
        Self(error.to_string())
    }
}

fn engine() -> Result<Oso, PolicyError> {
    let mut oso = Oso::new();
    oso.register_class(Member::get_polar_class())?;
    oso.register_class(Tenant::get_polar_class())?;
    oso.register_class(Operator::get_polar_class())?;
    oso.register_class(Platform::get_polar_class())?;
    oso.load_str(include_str!("policy.polar"))?;
    Ok(oso)
}

/// Whether a member of the organisation `OWN` may act in `organisation`.
fn ask(oso: &Oso, role: Role, action: Action, organisation: i64) -> Result<bool, PolicyError> {
    let member = Member {
        role: role.as_str().to_owned(),
        organisation: OWN,
    };
    Ok(oso.is_allowed(member, action.as_str(), Tenant { organisation })?)
}

/// Organisations are told apart by number here: the policy only asks whether two are the same one.
const OWN: i64 = 1;

#[cfg(test)]
mod tests {
    use super::{OWN, Policy, ask, engine};
    use crate::{Action, PlatformAction, Role};

    #[test]
    fn the_matrix_of_roles_is_the_committed_one() {
        let policy = Policy::load().unwrap();
        let mut table = format!(
            "{:26}{:11}{:10}{:14}operator\n",
            "may", "nanoAdmin", "nanoUser", "nanoReadOnly"
        );
        for action in Action::ALL {
            let cell = |role| if policy.allows(role, *action) { "yes" } else { "no" };
            let row = format!(
                "{:26}{:11}{:10}{:14}no\n",
                action.as_str(),
                cell(Role::Admin),
                cell(Role::User),
                cell(Role::ReadOnly)
            );
            table.push_str(&row);
        }
        for action in PlatformAction::ALL {
            assert!(!policy.allows_on_platform(false, *action), "{action:?}");
            let cell = if policy.allows_on_platform(true, *action) {
                "yes"
            } else {
                "no"
            };
            let row = format!("{:26}{:11}{:10}{:14}{cell}\n", action.as_str(), "no", "no", "no");
            table.push_str(&row);
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn nobody_may_do_anything_in_another_organisation() {
        let oso = engine().unwrap();
        for role in Role::ALL {
            for action in Action::ALL {
                assert!(!ask(&oso, role, *action, OWN + 1).unwrap(), "{role} {action:?}");
            }
        }
    }

    #[test]
    fn a_role_may_whatever_the_role_below_it_may() {
        let policy = Policy::load().unwrap();
        for pair in Role::ALL.windows(2) {
            let [above, below] = pair else { unreachable!() };
            assert!(policy.actions(*below).all(|action| policy.allows(*above, action)));
        }
    }
}
