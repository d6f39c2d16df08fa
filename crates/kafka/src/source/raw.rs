//! One queue for the messages of all partitions, read a thousand at a time.
//!
//! rust-rdkafka has no batch interface and its `poll` costs 342–365 ns a message where
//! `rd_kafka_consume_batch_queue` costs 192–224 (performance.md, *Budget per record*). So each assigned partition's
//! queue is forwarded here, before the assignment is made, and this file calls librdkafka directly. It holds all
//! `unsafe` of the hot path.
//!
//! Rules of librdkafka that the code below relies on (`rdkafka.h`, `rdkafka_queue.c` and `rdkafka_partition.c` of
//! 2.12.1):
//! - a message from `rd_kafka_consume_batch_queue` is valid, with its key, payload, headers and topic handle, until
//!   `rd_kafka_message_destroy`, which must be called exactly once;
//! - batch calls on one queue must not run at the same time in two threads;
//! - a batch counts *every* entry as a message when it notes how far it was read (#4844), so after an entry that is
//!   none, an error or an end, that note is one too far, and it is where fetching goes on after a rebalance or a
//!   pause. Groups therefore have no ends as events, and any error of a partition ends the member;
//! - `rd_kafka_queue_forward` holds a reference to its destination; a partition's stop clears the forwarding, and a
//!   later start leaves a queue alone that an application has forwarded. So it is forwarded at each assignment; the
//!   group gives a stopped partition back only after its stop is complete;
//! - queues must be destroyed before their client.

use std::ffi::{CStr, CString};
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings as sys;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;

use crate::error::Error;
use crate::limits::BATCH_MESSAGES_MAX;
use crate::message::Input;

/// The queue, and room for one batch.
pub(crate) struct RawQueue<C: ConsumerContext> {
    queue: NonNull<sys::rd_kafka_queue_t>,
    room: Box<[*mut sys::rd_kafka_message_t]>,
    /// Keeps the client alive for longer than the queue: `drop` destroys the queue before its fields go.
    consumer: Arc<BaseConsumer<C>>,
}

// SAFETY: `rd_kafka_queue_t` is a reference-counted handle behind a mutex and may be used from any thread; what must
// not happen is two batch calls at once, and `batch` takes `&mut self`. `room` holds pointers only while a `Batch`
// borrows `self`. The consumer is `Send` and `Sync`.
unsafe impl<C: ConsumerContext> Send for RawQueue<C> {}

impl<C: ConsumerContext> RawQueue<C> {
    pub(crate) fn new(consumer: Arc<BaseConsumer<C>>) -> Result<Self, Error> {
        // SAFETY: the client is alive, the call has no other condition; it gives a queue with one reference, ours.
        let queue = unsafe { sys::rd_kafka_queue_new(consumer.client().native_ptr()) };
        let queue = NonNull::new(queue)
            .ok_or_else(|| Error::Client { what: "making a queue".into(), reason: "librdkafka gave none".into() })?;
        let room = vec![std::ptr::null_mut(); BATCH_MESSAGES_MAX].into_boxed_slice();
        Ok(Self { queue, room, consumer })
    }

    /// Messages of this partition come here from now on. To be called before each assignment of it.
    pub(crate) fn take_over(&self, topic: &str, partition: i32) -> Result<(), Error> {
        let error = |reason: &str| Error::Client {
            what: format!("the queue of `{topic}` partition {partition}"),
            reason: reason.into(),
        };
        let name = CString::new(topic).map_err(|_| error("the topic's name contains a zero byte"))?;
        // SAFETY: the client is alive and `name` ends with a zero byte; the call gives a handle of ours, or null.
        let source =
            unsafe { sys::rd_kafka_queue_get_partition(self.consumer.client().native_ptr(), name.as_ptr(), partition) };
        let source = NonNull::new(source).ok_or_else(|| error("librdkafka does not know it"))?;
        // SAFETY: both handles are alive. Forwarding takes a reference of its own to our queue, so the handle of the
        // partition's queue can go at once; it is destroyed exactly here.
        unsafe {
            sys::rd_kafka_queue_forward(source.as_ptr(), self.queue.as_ptr());
            sys::rd_kafka_queue_destroy(source.as_ptr());
        }
        Ok(())
    }

    /// First and next offset of a partition as the last answer to a fetch said; negative before the first answer.
    pub(crate) fn watermarks(&self, topic: &str, partition: i32) -> Option<(i64, i64)> {
        let name = CString::new(topic).ok()?;
        let (mut low, mut high) = (-1, -1);
        // SAFETY: the client is alive, `name` ends with a zero byte, and the call writes the two places or says with
        // its code that it did not.
        let code = unsafe {
            sys::rd_kafka_get_watermark_offsets(
                self.consumer.client().native_ptr(),
                name.as_ptr(),
                partition,
                &raw mut low,
                &raw mut high,
            )
        };
        (code == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR).then_some((low, high))
    }

    /// Up to a batch of messages and events: as soon as the batch is full, or what is there after `wait`.
    pub(crate) fn batch(&mut self, wait: Duration) -> Batch<'_> {
        let wait_ms = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue is alive; `&mut self` excludes a second call at the same time; `room` has space for as
        // many pointers as are asked for, and librdkafka writes as many as it says.
        let taken = unsafe {
            sys::rd_kafka_consume_batch_queue(self.queue.as_ptr(), wait_ms, self.room.as_mut_ptr(), self.room.len())
        };
        // -1 is an error of the call's arguments alone; there is nothing to take then.
        let taken = usize::try_from(taken).unwrap_or(0).min(self.room.len());
        Batch { messages: &mut self.room[..taken] }
    }
}

impl<C: ConsumerContext> Drop for RawQueue<C> {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, used nowhere else, and the client outlives this line. Partitions that still
        // forward here hold references of their own to a queue that is now disabled and discards what it is given.
        unsafe { sys::rd_kafka_queue_destroy(self.queue.as_ptr()) };
    }
}

/// Messages that librdkafka has handed over; they are given back when this goes.
pub(crate) struct Batch<'q> {
    messages: &'q mut [*mut sys::rd_kafka_message_t],
}

/// What an entry of a batch is.
pub(crate) enum Entry<'b> {
    Message(Message<'b>),
    End {
        input: Input,
        offset: i64,
    },
    Error {
        topic: Option<String>,
        partition: i32,
        offset: i64,
        code: RDKafkaErrorCode,
        text: String,
    },
    /// Of a topic that is none of ours.
    Stray,
}

impl Batch<'_> {
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// The entries, in the order in which they came. Topics are found by name once per handle and batch: within a
    /// batch the messages hold their topics' handles, so that one address means one topic.
    pub(crate) fn entries<'b>(&'b self, topics: &'b [String]) -> impl Iterator<Item = Entry<'b>> {
        let mut known: Vec<(*mut sys::rd_kafka_topic_t, Option<u16>)> = Vec::new();
        self.messages.iter().map(move |message| {
            // SAFETY: librdkafka gave this pointer, valid until its destruction in `drop`, which needs `&mut self`,
            // while the iterator and what it gives borrow `self`. Nothing writes to the message in that time.
            let raw = unsafe { &**message };
            let topic = match known.iter().find(|(handle, _)| *handle == raw.rkt) {
                Some((_, topic)) => *topic,
                None => {
                    let name = topic_name(raw);
                    let topic = topics.iter().position(|topic| name.is_some_and(|name| name == topic.as_bytes()));
                    let topic = topic.and_then(|topic| u16::try_from(topic).ok());
                    known.push((raw.rkt, topic));
                    topic
                }
            };
            entry(raw, topic)
        })
    }
}

fn entry(raw: &sys::rd_kafka_message_t, topic: Option<u16>) -> Entry<'_> {
    match (raw.err, topic) {
        (sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR, Some(topic)) => {
            Entry::Message(Message { raw, input: Input { topic, partition: raw.partition } })
        }
        (sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__PARTITION_EOF, Some(topic)) => {
            Entry::End { input: Input { topic, partition: raw.partition }, offset: raw.offset }
        }
        (
            sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
            | sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__PARTITION_EOF,
            None,
        ) => Entry::Stray,
        (code, _) => Entry::Error {
            topic: topic_name(raw).map(|name| String::from_utf8_lossy(name).into_owned()),
            partition: raw.partition,
            offset: raw.offset,
            code: code.into(),
            // The payload of an error is librdkafka's text about it.
            text: String::from_utf8_lossy(bytes(raw, raw.payload, raw.len).unwrap_or_default()).into_owned(),
        },
    }
}

fn topic_name(raw: &sys::rd_kafka_message_t) -> Option<&[u8]> {
    if raw.rkt.is_null() {
        return None;
    }
    // SAFETY: the message holds a reference to its topic handle, and the name lives as long as the handle does.
    Some(unsafe { CStr::from_ptr(sys::rd_kafka_topic_name(raw.rkt)) }.to_bytes())
}

/// Bytes that belong to a message, for as long as it is borrowed; none for a null pointer.
fn bytes(_owner: &sys::rd_kafka_message_t, start: *const std::ffi::c_void, length: usize) -> Option<&[u8]> {
    if start.is_null() {
        return None;
    }
    // SAFETY: callers pass a pointer and a length out of the same message (or out of its headers), which stay valid
    // and unchanged until it is destroyed; the result borrows the message.
    Some(unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) })
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        for message in &mut *self.messages {
            // SAFETY: each pointer came from librdkafka, is destroyed here and nowhere else, and nothing borrows it
            // any more, since `drop` has the batch for itself.
            unsafe { sys::rd_kafka_message_destroy(*message) };
            *message = std::ptr::null_mut();
        }
    }
}

/// A message, in librdkafka's memory.
#[derive(Clone, Copy)]
pub struct Message<'b> {
    raw: &'b sys::rd_kafka_message_t,
    input: Input,
}

impl<'b> Message<'b> {
    /// Topic and partition.
    #[must_use]
    pub fn input(&self) -> Input {
        self.input
    }

    /// Offset in its partition.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.raw.offset
    }

    /// Key.
    #[must_use]
    pub fn key(&self) -> Option<&'b [u8]> {
        bytes(self.raw, self.raw.key, self.raw.key_len)
    }

    /// Value; none for a tombstone.
    #[must_use]
    pub fn payload(&self) -> Option<&'b [u8]> {
        bytes(self.raw, self.raw.payload, self.raw.len)
    }

    /// The producer's or the broker's time, milliseconds since the Unix epoch; none if the message has no time.
    #[must_use]
    pub fn timestamp_ms(&self) -> Option<i64> {
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive; the call reads it and writes `kind`.
        let time_ms = unsafe { sys::rd_kafka_message_timestamp(self.raw, &raw mut kind) };
        (kind != sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && time_ms >= 0).then_some(time_ms)
    }

    /// Headers, in order: name and value. A header without a value is empty here.
    pub fn headers(&self) -> impl Iterator<Item = (&'b [u8], &'b [u8])> + use<'b> {
        let raw = self.raw;
        let mut headers = std::ptr::null_mut();
        // SAFETY: the message is alive. librdkafka parses the headers at the first call and keeps them, inside the
        // message, until it is destroyed; a message is read by one thread at a time, since `Message` is not `Sync`.
        let code = unsafe { sys::rd_kafka_message_headers(raw, &raw mut headers) };
        let found = code == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && !headers.is_null();
        (0..).map_while(move |place| if found { header(raw, headers, place) } else { None })
    }

    /// Value of the last header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'b [u8]> {
        self.headers().filter(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value).last()
    }
}

fn header(
    owner: &sys::rd_kafka_message_t,
    headers: *mut sys::rd_kafka_headers_t,
    place: usize,
) -> Option<(&[u8], &[u8])> {
    let (mut name, mut value, mut length) = (std::ptr::null(), std::ptr::null(), 0);
    // SAFETY: `headers` belongs to `owner`, which is alive; the call writes the three places and says with its code
    // whether it did.
    let code = unsafe { sys::rd_kafka_header_get_all(headers, place, &raw mut name, &raw mut value, &raw mut length) };
    if code != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
        return None;
    }
    // SAFETY: a header's name ends with a zero byte and lives as long as the message, whose borrow the result has.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes();
    Some((name, bytes(owner, value, length).unwrap_or_default()))
}

/// Keys and values hold subscribers: only their place and sizes are shown.
impl std::fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("input", &self.input)
            .field("offset", &self.raw.offset)
            .field("key_bytes", &self.raw.key_len)
            .field("payload_bytes", &self.raw.len)
            .finish()
    }
}
