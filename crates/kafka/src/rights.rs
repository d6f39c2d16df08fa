//! Rights and topic options, for which rust-rdkafka 0.39 has no calls: librdkafka's admin interface itself.
//!
//! Every request goes the same way: arguments are made, the request is handed over with a queue of its own, the answer
//! is taken from the queue, read and destroyed. Rules of librdkafka that the code below relies on (`rdkafka.h`,
//! `rdkafka_admin.c` of 2.12.1):
//! - requests copy their arguments and options, which may be destroyed as soon as the call returns;
//! - texts and lists inside an answer belong to it: they are copied before it is destroyed;
//! - an answer to `rd_kafka_DescribeAcls` carries no error of the broker (`rd_kafka_DescribeAclsResponse_parse` drops it):
//!   a refusal looks like an empty list. So an empty list is believed only after a request that tells errors.

use std::ffi::{CStr, CString, c_char};
use std::ptr::NonNull;

use rdkafka::admin::AdminClient;
use rdkafka::bindings as sys;
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::acl::{Acl, Operation, Pattern, Permission, Resource};
use crate::error::Error;
use crate::limits::REQUEST_MAX;

type Client = AdminClient<DefaultClientContext>;

const NO_ERROR: sys::rd_kafka_resp_err_t = sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
/// A principal that nobody is: what is asked for in its name changes nothing.
const NOBODY: &str = "User:lancang.nobody";

/// What an answer lists; nothing if it is one to another request, of which librdkafka gives null.
macro_rules! listed {
    ($answer:expr, $result:ident, $list:ident) => {{
        let (answer, mut count): (&Answer, _) = ($answer, 0);
        // SAFETY: the answer is alive, and its result, which is null or of this kind, and list live as long; the list holds
        // as many pointers as are said, which live as long, too.
        unsafe {
            let result = sys::$result(answer.0.as_ptr());
            let list = if result.is_null() { std::ptr::null_mut() } else { sys::$list(result, &raw mut count) };
            items(answer, list, count)
        }
    }};
}

/// All rights of a cluster.
pub(crate) fn describe(client: &Client) -> Result<Vec<Acl>, Error> {
    const WHAT: &str = "asking for the rights of the cluster";
    let everything = Binding::everything()?;
    // SAFETY: client, filter, options and queue are alive during the call, which copies what it needs of them.
    let answer =
        request(client, WHAT, sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBEACLS, |rk, options, queue| unsafe {
            sys::rd_kafka_DescribeAcls(rk, everything.0.as_ptr(), options, queue);
        })?;
    let list = listed!(&answer, rd_kafka_event_DescribeAcls_result, rd_kafka_DescribeAcls_result_acls);
    // SAFETY: the bindings live as long as the answer.
    let acls: Vec<Acl> = list.iter().map(|acl| unsafe { read(*acl) }).collect();
    if acls.is_empty() {
        // A refusal looks the same: a request that deletes what nobody has tells one from the other.
        let of_nobody = Acl::allow(NOBODY, Operation::Read, Resource::Topic, Pattern::Literal, NOBODY);
        delete(client, &[of_nobody])?;
    }
    Ok(acls)
}

/// Adds rights; those that are there already stay as they are.
pub(crate) fn create(client: &Client, acls: &[Acl]) -> Result<(), Error> {
    let bindings = acls.iter().map(Binding::of).collect::<Result<Vec<_>, _>>()?;
    let mut pointers: Vec<_> = bindings.iter().map(|binding| binding.0.as_ptr()).collect();
    let what = "making rights";
    // SAFETY: client, bindings, options and queue are alive during the call, which copies what it needs of them; the
    // list is as long as is said.
    let answer =
        request(client, what, sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_CREATEACLS, |rk, options, queue| unsafe {
            sys::rd_kafka_CreateAcls(rk, pointers.as_mut_ptr(), pointers.len(), options, queue);
        })?;
    let list = listed!(&answer, rd_kafka_event_CreateAcls_result, rd_kafka_CreateAcls_result_acls);
    // There is a result for each right, in order.
    for (acl, result) in acls.iter().zip(list) {
        // SAFETY: the result lives as long as the answer; its error is null or lives as long.
        unsafe { refusal(sys::rd_kafka_acl_result_error(*result), || format!("making a right ({acl})"))? };
    }
    Ok(())
}

/// Takes rights away; those that are not there are no error.
pub(crate) fn delete(client: &Client, acls: &[Acl]) -> Result<(), Error> {
    let filters = acls.iter().map(Binding::filter).collect::<Result<Vec<_>, _>>()?;
    let mut pointers: Vec<_> = filters.iter().map(|filter| filter.0.as_ptr()).collect();
    let what = "taking rights away";
    // SAFETY: as in `create`.
    let answer =
        request(client, what, sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DELETEACLS, |rk, options, queue| unsafe {
            sys::rd_kafka_DeleteAcls(rk, pointers.as_mut_ptr(), pointers.len(), options, queue);
        })?;
    let list = listed!(&answer, rd_kafka_event_DeleteAcls_result, rd_kafka_DeleteAcls_result_responses);
    // There is a response for each filter, in order.
    for response in list {
        // SAFETY: the response lives as long as the answer; its error is null or lives as long.
        unsafe { refusal(sys::rd_kafka_DeleteAcls_result_response_error(*response), || what.to_owned())? };
    }
    Ok(())
}

/// Sets options of a topic and leaves its others alone.
pub(crate) fn set_options(client: &Client, topic: &str, options: &[(String, String)]) -> Result<(), Error> {
    let what = format!("setting options of topic `{topic}`");
    let resource = TopicOptions::of(topic, options)?;
    let mut pointers = [resource.0.as_ptr()];
    let api = sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS;
    // SAFETY: client, resource, options and queue are alive during the call, which copies what it needs of them.
    let answer = request(client, &what, api, |rk, admin_options, queue| unsafe {
        sys::rd_kafka_IncrementalAlterConfigs(rk, pointers.as_mut_ptr(), 1, admin_options, queue);
    })?;
    let list = listed!(
        &answer,
        rd_kafka_event_IncrementalAlterConfigs_result,
        rd_kafka_IncrementalAlterConfigs_result_resources
    );
    for resource in list {
        // SAFETY: the resource lives as long as the answer, and so does its text.
        let (code, text) = unsafe {
            (sys::rd_kafka_ConfigResource_error(*resource), text(sys::rd_kafka_ConfigResource_error_string(*resource)))
        };
        if code != NO_ERROR {
            return Err(refused(what, code, &text));
        }
    }
    Ok(())
}

/// What this principal may do with a topic, as the brokers reckon it; without an authorizer all that there is.
pub(crate) fn of_topic(client: &Client, topic: &str) -> Result<Vec<Operation>, Error> {
    let what = format!("asking for the rights to topic `{topic}`");
    let topics = Topics::of(topic)?;
    let api = sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
    // SAFETY: client, topics, options and queue are alive during the calls, which copy what they need of them; the options are ours
    // alone, so that they may be changed. An error that the first call gives is ours to destroy.
    let answer = request(client, &what, api, |rk, options, queue| unsafe {
        let error = sys::rd_kafka_AdminOptions_set_include_authorized_operations(options.cast_mut(), 1);
        if !error.is_null() {
            sys::rd_kafka_error_destroy(error);
        }
        sys::rd_kafka_DescribeTopics(rk, topics.0.as_ptr(), options, queue);
    })?;
    let list = listed!(&answer, rd_kafka_event_DescribeTopics_result, rd_kafka_DescribeTopics_result_topics);
    let Some(described) = list.first() else { return Err(Error::MissingTopic { topic: topic.to_owned() }) };
    // SAFETY: the description lives as long as the answer, and so do its error and its list, which holds as many operations as are
    // said, and is null where there are none; they are copied.
    unsafe {
        let error = sys::rd_kafka_TopicDescription_error(*described);
        let code = if error.is_null() { NO_ERROR } else { sys::rd_kafka_error_code(error) };
        match code {
            sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART => {
                return Err(Error::MissingTopic { topic: topic.to_owned() });
            }
            sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED => {
                return Err(Error::Forbidden { what, reason: text(sys::rd_kafka_error_string(error)) });
            }
            _ => refusal(error, || what.clone())?,
        }
        let mut count = 0;
        let operations = sys::rd_kafka_TopicDescription_authorized_operations(*described, &raw mut count);
        if operations.is_null() || count == 0 {
            return Ok(Vec::new());
        }
        Ok(std::slice::from_raw_parts(operations, count).iter().map(|operation| operation_of(*operation)).collect())
    }
}

/// Hands a request over and waits for its answer.
fn request(
    client: &Client,
    what: &str,
    api: sys::rd_kafka_admin_op_t,
    send: impl FnOnce(*mut sys::rd_kafka_t, *const sys::rd_kafka_AdminOptions_t, *mut sys::rd_kafka_queue_t),
) -> Result<Answer, Error> {
    let failed = |reason: &str| Error::Client { what: what.to_owned(), reason: reason.to_owned() };
    let rk = client.inner().native_ptr();
    // SAFETY: the client is alive; the call gives a queue with one reference, ours, or null.
    let queue = Queue(NonNull::new(unsafe { sys::rd_kafka_queue_new(rk) }).ok_or_else(|| failed("no queue"))?);
    // SAFETY: the client is alive; the call gives options of ours, or null for a request that it does not know.
    let options = NonNull::new(unsafe { sys::rd_kafka_AdminOptions_new(rk, api) });
    let options = Options(options.ok_or_else(|| failed("librdkafka does not know this request"))?);
    let wait_ms = i32::try_from(REQUEST_MAX.as_millis()).unwrap_or(i32::MAX);
    let mut words = [0 as c_char; 256];
    // SAFETY: the options are alive, and words are written into as many bytes as are said.
    let code = unsafe {
        sys::rd_kafka_AdminOptions_set_request_timeout(options.0.as_ptr(), wait_ms, words.as_mut_ptr(), words.len())
    };
    if code != NO_ERROR {
        return Err(failed("librdkafka refuses the timeout of the request"));
    }
    send(rk, options.0.as_ptr(), queue.0.as_ptr());
    // Twice as long as the request may take: librdkafka answers by itself when that is over.
    // SAFETY: the queue is alive and read by this thread alone; the call gives an event of ours, or null.
    let event = unsafe { sys::rd_kafka_queue_poll(queue.0.as_ptr(), wait_ms.saturating_mul(2)) };
    let Some(event) = NonNull::new(event) else {
        return Err(Error::Unavailable { what: what.to_owned(), reason: format!("no answer in {REQUEST_MAX:?}") });
    };
    let answer = Answer(event);
    // SAFETY: the event is alive, and its text lives as long.
    let (code, text) =
        unsafe { (sys::rd_kafka_event_error(event.as_ptr()), text(sys::rd_kafka_event_error_string(event.as_ptr()))) };
    if code != NO_ERROR {
        return Err(refused(what.to_owned(), code, &text));
    }
    Ok(answer)
}

/// Something of librdkafka's that is destroyed exactly once, when it goes.
macro_rules! owned {
    ($name:ident, $of:ident, $destroy:ident) => {
        struct $name(NonNull<sys::$of>);

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: the handle is ours and alive; nothing uses it after this.
                unsafe { sys::$destroy(self.0.as_ptr()) }
            }
        }
    };
}

owned!(Queue, rd_kafka_queue_t, rd_kafka_queue_destroy);
owned!(Options, rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy);
owned!(Answer, rd_kafka_event_t, rd_kafka_event_destroy);
owned!(Binding, rd_kafka_AclBinding_t, rd_kafka_AclBinding_destroy);
owned!(TopicOptions, rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy);
owned!(Topics, rd_kafka_TopicCollection_t, rd_kafka_TopicCollection_destroy);

impl Topics {
    fn of(topic: &str) -> Result<Self, Error> {
        let name = c_text(topic)?;
        let mut names = [name.as_ptr()];
        // SAFETY: the list holds one text, which ends with a zero byte and is copied; the call gives a collection of ours, or null.
        let made = unsafe { sys::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len()) };
        let none =
            || Error::Client { what: format!("topic `{topic}`"), reason: "librdkafka made no collection".into() };
        NonNull::new(made).map(Self).ok_or_else(none)
    }
}

impl Binding {
    fn of(acl: &Acl) -> Result<Self, Error> {
        Self::make(acl, sys::rd_kafka_AclBinding_new)
    }

    /// Matches this right alone.
    fn filter(acl: &Acl) -> Result<Self, Error> {
        Self::make(acl, sys::rd_kafka_AclBindingFilter_new)
    }

    fn make(acl: &Acl, new: New) -> Result<Self, Error> {
        let (name, principal, host) = (c_text(&acl.name)?, c_text(&acl.principal)?, c_text(&acl.host)?);
        let (resource, pattern) = (resource_code(acl.resource), pattern_code(acl.pattern));
        let (operation, permission) = (operation_code(acl.operation), permission_code(acl.permission));
        let mut words = [0 as c_char; 256];
        // SAFETY: the texts end with a zero byte and are copied; words are written into as many bytes as are said.
        let made = unsafe {
            let (name, principal, host) = (name.as_ptr(), principal.as_ptr(), host.as_ptr());
            new(resource, name, pattern, principal, host, operation, permission, words.as_mut_ptr(), words.len())
        };
        NonNull::new(made).map(Self).ok_or_else(|| {
            // SAFETY: librdkafka ends its words with a zero byte within the buffer, which was zeros before.
            let reason = unsafe { text(words.as_ptr()) };
            Error::Client { what: format!("a right ({acl})"), reason }
        })
    }

    fn everything() -> Result<Self, Error> {
        use sys::rd_kafka_AclOperation_t::RD_KAFKA_ACL_OPERATION_ANY as EVERY_OPERATION;
        use sys::rd_kafka_AclPermissionType_t::RD_KAFKA_ACL_PERMISSION_TYPE_ANY as EVERY_PERMISSION;
        use sys::rd_kafka_ResourcePatternType_t::RD_KAFKA_RESOURCE_PATTERN_ANY as EVERY_PATTERN;
        use sys::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_ANY as EVERY_RESOURCE;
        let (any, mut words) = (std::ptr::null(), [0 as c_char; 256]);
        // SAFETY: null stands for any name, principal and host; words are written into as many bytes as are said.
        let made = unsafe {
            let (words, room) = (words.as_mut_ptr(), words.len());
            sys::rd_kafka_AclBindingFilter_new(
                EVERY_RESOURCE,
                any,
                EVERY_PATTERN,
                any,
                any,
                EVERY_OPERATION,
                EVERY_PERMISSION,
                words,
                room,
            )
        };
        let refused = || Error::Client { what: "a filter of rights".into(), reason: "librdkafka made none".into() };
        NonNull::new(made).map(Self).ok_or_else(refused)
    }
}

/// `rd_kafka_AclBinding_new` and `rd_kafka_AclBindingFilter_new`.
type New = unsafe extern "C" fn(
    sys::rd_kafka_ResourceType_t,
    *const c_char,
    sys::rd_kafka_ResourcePatternType_t,
    *const c_char,
    *const c_char,
    sys::rd_kafka_AclOperation_t,
    sys::rd_kafka_AclPermissionType_t,
    *mut c_char,
    usize,
) -> *mut sys::rd_kafka_AclBinding_t;

impl TopicOptions {
    fn of(topic: &str, options: &[(String, String)]) -> Result<Self, Error> {
        use sys::rd_kafka_AlterConfigOpType_t::RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET as SET;
        let name = c_text(topic)?;
        // SAFETY: the text ends with a zero byte and is copied; the call gives a resource of ours, or null.
        let made = unsafe {
            sys::rd_kafka_ConfigResource_new(sys::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_TOPIC, name.as_ptr())
        };
        let no_resource =
            || Error::Client { what: format!("options of `{topic}`"), reason: "librdkafka made none".into() };
        let resource = Self(NonNull::new(made).ok_or_else(no_resource)?);
        for (name, value) in options {
            let what = || format!("option `{name}` of topic `{topic}`");
            let (name, value) = (c_text(name)?, c_text(value)?);
            // SAFETY: the resource is alive, and the texts end with a zero byte and are copied; an error that the call
            // gives is ours to destroy, which is done once its text is copied.
            unsafe {
                let (name, value) = (name.as_ptr(), value.as_ptr());
                let error = sys::rd_kafka_ConfigResource_add_incremental_config(resource.0.as_ptr(), name, SET, value);
                let outcome = refusal(error, what);
                if !error.is_null() {
                    sys::rd_kafka_error_destroy(error);
                }
                outcome?;
            }
        }
        Ok(resource)
    }
}

/// The pointers of a list of an answer.
///
/// # Safety
/// `list` is null, or holds `count` pointers that live as long as the answer.
unsafe fn items<T>(_: &Answer, list: *mut *const T, count: usize) -> &[*const T] {
    if list.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: what the caller promises.
    unsafe { std::slice::from_raw_parts(list, count) }
}

/// # Safety
/// `acl` is alive during the call.
unsafe fn read(acl: *const sys::rd_kafka_AclBinding_t) -> Acl {
    // SAFETY: the binding is alive, and its texts are copied before the call returns.
    unsafe {
        Acl {
            principal: text(sys::rd_kafka_AclBinding_principal(acl)),
            resource: resource_of(sys::rd_kafka_AclBinding_restype(acl)),
            pattern: pattern_of(sys::rd_kafka_AclBinding_resource_pattern_type(acl)),
            name: text(sys::rd_kafka_AclBinding_name(acl)),
            operation: operation_of(sys::rd_kafka_AclBinding_operation(acl)),
            permission: permission_of(sys::rd_kafka_AclBinding_permission_type(acl)),
            host: text(sys::rd_kafka_AclBinding_host(acl)),
        }
    }
}

/// # Safety
/// `text` is null, or ends with a zero byte and is alive during the call.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: what the caller promises.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// # Safety
/// `error` is null or alive during the call.
unsafe fn refusal(error: *const sys::rd_kafka_error_t, what: impl Fn() -> String) -> Result<(), Error> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the error is alive, and its text is copied before the call returns.
    let (code, text) = unsafe { (sys::rd_kafka_error_code(error), text(sys::rd_kafka_error_string(error))) };
    if code == NO_ERROR { Ok(()) } else { Err(refused(what(), code, &text)) }
}

fn refused(what: String, code: sys::rd_kafka_resp_err_t, text: &str) -> Error {
    let code: RDKafkaErrorCode = code.into();
    let reason = match code {
        RDKafkaErrorCode::SecurityDisabled => {
            "the brokers have no authorizer, so that everybody may do everything: set `authorizer.class.name` of each \
             broker to `org.apache.kafka.metadata.authorizer.StandardAuthorizer`"
                .to_owned()
        }
        RDKafkaErrorCode::ClusterAuthorizationFailed => {
            "the brokers do not let this principal do it: use one of their `super.users`, or one with the right to \
             describe and alter the cluster"
                .to_owned()
        }
        _ if text.is_empty() => return Error::client(what, &KafkaError::AdminOp(code)),
        _ => text.to_owned(),
    };
    match Error::client(what, &KafkaError::AdminOp(code)) {
        Error::Unavailable { what, .. } => Error::Unavailable { what, reason },
        Error::Client { what, .. } => Error::Client { what, reason },
        other => other,
    }
}

fn c_text(text: &str) -> Result<CString, Error> {
    let zero = |_| Error::Client { what: "a name for Kafka".into(), reason: "it contains a zero byte".into() };
    CString::new(text).map_err(zero)
}

/// Both ways between an enum of `acl.rs` and librdkafka's; what has no name here is its last.
macro_rules! codes {
    ($code:ident, $of:ident, $ours:ident, $theirs:ident, $unknown:ident => $other:ident, $($variant:ident = $name:ident,)+) => {
        const fn $code(ours: $ours) -> sys::$theirs {
            #[allow(unreachable_patterns, reason = "where there is no variant for what is unknown")]
            match ours { $($ours::$variant => sys::$theirs::$name,)+ _ => sys::$theirs::$unknown }
        }

        const fn $of(theirs: sys::$theirs) -> $ours {
            match theirs { $(sys::$theirs::$name => $ours::$variant,)+ _ => $ours::$other }
        }
    };
}

codes!(
    resource_code, resource_of, Resource, rd_kafka_ResourceType_t, RD_KAFKA_RESOURCE_UNKNOWN => Other,
    Topic = RD_KAFKA_RESOURCE_TOPIC,
    Group = RD_KAFKA_RESOURCE_GROUP,
    Cluster = RD_KAFKA_RESOURCE_BROKER,
    TransactionalId = RD_KAFKA_RESOURCE_TRANSACTIONAL_ID,
);
codes!(
    pattern_code, pattern_of, Pattern, rd_kafka_ResourcePatternType_t, RD_KAFKA_RESOURCE_PATTERN_UNKNOWN => Prefixed,
    Literal = RD_KAFKA_RESOURCE_PATTERN_LITERAL,
    Prefixed = RD_KAFKA_RESOURCE_PATTERN_PREFIXED,
);
codes!(
    permission_code, permission_of, Permission, rd_kafka_AclPermissionType_t,
    RD_KAFKA_ACL_PERMISSION_TYPE_UNKNOWN => Allow,
    Deny = RD_KAFKA_ACL_PERMISSION_TYPE_DENY,
    Allow = RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW,
);
codes!(
    operation_code, operation_of, Operation, rd_kafka_AclOperation_t, RD_KAFKA_ACL_OPERATION_UNKNOWN => Other,
    All = RD_KAFKA_ACL_OPERATION_ALL,
    Read = RD_KAFKA_ACL_OPERATION_READ,
    Write = RD_KAFKA_ACL_OPERATION_WRITE,
    Create = RD_KAFKA_ACL_OPERATION_CREATE,
    Delete = RD_KAFKA_ACL_OPERATION_DELETE,
    Alter = RD_KAFKA_ACL_OPERATION_ALTER,
    Describe = RD_KAFKA_ACL_OPERATION_DESCRIBE,
    ClusterAction = RD_KAFKA_ACL_OPERATION_CLUSTER_ACTION,
    DescribeConfigs = RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS,
    AlterConfigs = RD_KAFKA_ACL_OPERATION_ALTER_CONFIGS,
    IdempotentWrite = RD_KAFKA_ACL_OPERATION_IDEMPOTENT_WRITE,
);
