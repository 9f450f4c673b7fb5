//! Promises of the control plane, through its public doors, on real databases.

mod account;
mod alike;
mod api_tokens;
mod audit;
mod audit_chain;
mod harness;
mod invitations;
mod judging;
mod mail;
mod mails;
mod members;
mod operations;
mod organisations;
mod organising;
mod people;
mod persons;
mod provider;
mod revocation;
mod schema;
mod second_factor;
mod statements;
mod streams;
mod subscriptions;
mod sweep;
mod tenancy;
mod tokens;
