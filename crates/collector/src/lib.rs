//! The collector: takes records from participants' computers and keeps them.
//!
//! Its promise: a record that got a receipt is on disk, whatever happens next. [`Store`] keeps
//! it by the order of its steps: the bundle goes to a temporary file, is flushed, renamed to its
//! name, the folder is flushed, then a row is committed to the index, and only then is there a
//! receipt, signed with the store's key. Uploads that come at the same time share these steps. After a
//! crash the files are the truth: what the index lacks it gets from them.
//!
//! What follows a receipt (unpacking into tidy files, the verdict on an episode) can always be
//! made again from the bundles; the index remembers what is still to do.
//!
//! In a store's folder:
//!
//! ```text
//! index.sqlite                                  participants, sessions, receipts, verdicts, and what
//!                                               participants said they had on disk
//! _bundles/{session}/{scene}/{participant}_ep{n}.tar    as received
//! _sessions/{session}.json                      as registered
//! _withdrawn/{participant}.json                  who has taken their data back
//! audit.jsonl                                   what experimenters have done with the folder
//! _partial/                                     bundles of which only a part has arrived
//! _incoming/                                    temporary files
//! receipt-key                                   what receipts are signed with
//! tls.pem                                       the own certificate and its key
//! {study}/{session}/session.json                who, which records, which verdicts
//! {study}/{session}/connections.jsonl           how the connections were, as reported in play
//! {study}/{session}/{scene}/{participant}_ep{n}.dlog, .csv, and local/…csv
//! ```
//!
//! What this crate deliberately does not do: it doesn't decide who plays. The lab tells it who
//! belongs to a session ([`Store::register`]); it takes records from them and nobody else.
//!
//! Modules, in reading order:
//! - [`files`]: durable files by key, [`names`]: their keys; [`folder`]: what lies beside them; [`index`]: the
//!   SQL;
//! - `access.rs`: who may send what; [`store`]: receiving, without threads or network; [`pieces`]: large bundles in pieces,
//!   [`carried`]: those that no network takes; [`seal`]:
//!   the key; [`recover`]: what a start puts in order; [`fsck`]: the same with a report;
//! - [`settle`]: what follows a receipt, with [`examine`], which asks recording for the verdict, and
//!   `bounds.rs`, which holds it against what participants said before; [`reports`]: where they say
//!   it; `books.rs`: the end of a session; [`page`]: its page;
//! - [`withdraw`]: the end of games whose data were taken back; [`audit`]: what experimenters do;
//! - [`snapshot`]: a store at one moment, for who only reads it; [`backup`]: as a file;
//! - [`owner`]: the thread that owns a store; [`http`]: the routes; [`lab`]: those for labs on other
//!   machines, [`remote`]: their end of it; [`serve`]: taking connections, with [`tls`] and [`flood`],
//!   the limits; [`interrupt`]: SIGTERM.

mod access;
pub mod audit;
pub mod backup;
mod books;
mod bounds;
pub mod carried;
mod coding;
pub mod examine;
pub mod files;
pub mod flood;
pub mod folder;
pub mod fsck;
pub mod http;
pub mod index;
pub mod interrupt;
pub mod lab;
pub mod names;
pub mod owner;
pub mod page;
pub mod pieces;
pub mod recover;
pub mod remote;
pub mod reports;
pub mod seal;
pub mod serve;
pub mod settle;
pub mod snapshot;
pub mod store;
pub mod tls;
pub mod withdraw;

pub use access::{Access, AccessError};
pub use owner::{Collector, CollectorThread, Stopped};
pub use remote::{Keeper, KeeperError, Remote};
pub use settle::Notice;
pub use snapshot::Snapshot;
pub use store::{PutError, Registration, Store, StoreError, Upload};
