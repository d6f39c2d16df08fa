import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The rule of ../sim-box.toml as a Kafka Streams application, exactly once: JSON records in, alerts `caller time` out.
 *
 * What travels and what is kept is as small as it can be: a subscriber is 6 bytes, an event 12 (time with the direction in its
 * top bit, and the other party), and an hour of them is one value of a key-value store.
 */
public final class SimBox {
    private static final int PARTY = 6;
    private static final int EVENT = 12;
    private static final long WINDOW_MS = 3_600_000;
    private static final long PANE_MS = WINDOW_MS / 12;
    private static final int CALLS_MIN = 20;
    private static final long INCOMING = 1L << 47;
    private static final String STORE = "calls";
    private static final AtomicLong JUDGED = new AtomicLong();

    public static void main(String[] args) throws Exception {
        String bootstrap = args[0];
        String topic = args[1];
        boolean repartition = args[2].equals("switch");
        boolean rocks = args[3].equals("rocksdb");
        boolean changelog = args[4].equals("changelog");
        String application = args[5];
        String folder = args[6];
        String alerts = args[7];
        long records = Long.parseLong(args[8]);

        KafkaStreams streams =
                new KafkaStreams(topology(topic, repartition, rocks, changelog, alerts), settings(bootstrap, application, folder));
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            return StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
        while (JUDGED.get() < records && streams.state() != KafkaStreams.State.ERROR) {
            Thread.sleep(100);
            System.out.println("judged " + JUDGED.get());
            System.out.flush();
        }
        // Commits what is left.
        streams.close(Duration.ofSeconds(60));
        System.out.println("done");
        System.out.flush();
        System.exit(JUDGED.get() < records ? 1 : 0);
    }

    private static Properties settings(String bootstrap, String application, String folder) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        // As often as lancang commits.
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        // One core.
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        // A million keys hardly ever come twice within an interval: a cache only costs.
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 20_000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 20_000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 8 << 20);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.FETCH_MIN_BYTES_CONFIG), 1 << 16);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG), 50);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 512 << 10);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 100);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 128L << 20);
        return settings;
    }

    private static org.apache.kafka.streams.Topology topology(
            String topic, boolean repartition, boolean rocks, boolean changelog, String alerts) {
        KeyValueBytesStoreSupplier supplier =
                rocks ? Stores.persistentKeyValueStore(STORE) : Stores.inMemoryKeyValueStore(STORE);
        StoreBuilder<KeyValueStore<byte[], byte[]>> store =
                Stores.keyValueStoreBuilder(supplier, Serdes.ByteArray(), Serdes.ByteArray()).withCachingDisabled();
        if (!changelog) {
            store = store.withLoggingDisabled();
        }
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(store);
        KStream<byte[], byte[]> events =
                builder.stream(topic, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray())).process(Parse::new);
        if (repartition) {
            events = events.repartition(
                    Repartitioned.with(Serdes.ByteArray(), Serdes.ByteArray()).withName("by-subscriber").withNumberOfPartitions(1));
        }
        events.process(Judge::new, STORE).to(alerts, Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));
        return builder.build();
    }

    /** A JSON record to the served subscriber and an event. */
    private static final class Parse implements Processor<byte[], byte[], byte[], byte[]> {
        private final JsonFactory json = new JsonFactory();
        private ProcessorContext<byte[], byte[]> context;

        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
            this.context = context;
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            long start = 0;
            long durationMs = 0;
            long caller = 0;
            long callee = 0;
            boolean incoming = false;
            boolean voice = false;
            try (JsonParser parser = json.createParser(record.value())) {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    throw new IOException("expected an object");
                }
                for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                    parser.nextToken();
                    switch (name) {
                        case "kind" -> voice = parser.getTextLength() == 5 && parser.getTextCharacters()[parser.getTextOffset()] == 'v';
                        case "start" -> start = time(parser.getTextCharacters(), parser.getTextOffset());
                        case "duration_s" -> durationMs = parser.getLongValue() * 1000;
                        case "direction" -> incoming = parser.getTextCharacters()[parser.getTextOffset()] == 'i';
                        case "caller" -> caller = number(parser);
                        case "callee" -> callee = number(parser);
                        default -> { }
                    }
                }
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            if (!voice) {
                return;
            }
            long end = start + durationMs;
            byte[] key = new byte[PARTY];
            byte[] event = new byte[EVENT];
            put(key, 0, incoming ? callee : caller);
            put(event, 0, incoming ? end | INCOMING : end);
            put(event, PARTY, incoming ? caller : callee);
            context.forward(record.withKey(key).withValue(event));
        }

        private static long number(JsonParser parser) throws IOException {
            char[] text = parser.getTextCharacters();
            int at = parser.getTextOffset() + 1;
            int end = parser.getTextOffset() + parser.getTextLength();
            long number = 0;
            for (; at < end; at++) {
                number = number * 10 + (text[at] - '0');
            }
            return number;
        }

        /** `2025-11-10T00:00:00.000Z`: days from the civil date by Hinnant's algorithm. */
        private static long time(char[] text, int at) {
            long year = digits(text, at, 4);
            long month = digits(text, at + 5, 2);
            long day = digits(text, at + 8, 2);
            year -= month <= 2 ? 1 : 0;
            long era = year / 400;
            long ofEra = year - era * 400;
            long ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
            long days = era * 146097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719468;
            long seconds = digits(text, at + 11, 2) * 3600 + digits(text, at + 14, 2) * 60 + digits(text, at + 17, 2);
            long ms = text[at + 19] == '.' ? digits(text, at + 20, 3) : 0;
            return days * 86_400_000 + seconds * 1000 + ms;
        }

        private static long digits(char[] text, int at, int count) {
            long number = 0;
            for (int index = at; index < at + count; index++) {
                number = number * 10 + (text[index] - '0');
            }
            return number;
        }
    }

    /** An hour of a subscriber's events; an alert when the rule begins to hold. */
    private static final class Judge implements Processor<byte[], byte[], byte[], byte[]> {
        private KeyValueStore<byte[], byte[]> store;
        private ProcessorContext<byte[], byte[]> context;
        private long judged;

        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
            this.context = context;
            this.store = context.getStateStore(STORE);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            byte[] event = record.value();
            long now = get(event, 0) & ~INCOMING;
            // As lancang's windows: twelve panes, the last one that of the newest event.
            long from = (now / PANE_MS - 11) * PANE_MS;
            byte[] before = store.get(record.key());
            int first = PARTY;
            int length = before == null ? PARTY : before.length;
            while (first < length && (get(before, first) & ~INCOMING) < from) {
                first += EVENT;
            }
            byte[] kept = new byte[PARTY + length - first + EVENT];
            if (length > first) {
                System.arraycopy(before, first, kept, PARTY, length - first);
            }
            System.arraycopy(event, 0, kept, kept.length - EVENT, EVENT);
            // In front of the events: when the rule held last. An alert stays open for as long as a window.
            long held = before == null ? 0 : get(before, 0);
            if (holds(kept)) {
                if (held == 0 || now - held > WINDOW_MS) {
                    String alert = "+" + get(record.key(), 0) + " " + now;
                    context.forward(record.withValue(alert.getBytes(StandardCharsets.US_ASCII)));
                }
                held = now;
            }
            put(kept, 0, held);
            store.put(record.key(), kept);
            JUDGED.lazySet(++judged);
        }

        private static boolean holds(byte[] kept) {
            if (kept.length < PARTY + CALLS_MIN * EVENT) {
                return false;
            }
            int calls = 0;
            java.util.HashSet<Long> callees = new java.util.HashSet<>();
            for (int at = PARTY; at < kept.length; at += EVENT) {
                if ((get(kept, at) & INCOMING) != 0) {
                    return false;
                }
                calls++;
                callees.add(get(kept, at + PARTY));
            }
            return calls >= CALLS_MIN && callees.size() >= 0.8 * calls;
        }
    }

    private static void put(byte[] bytes, int at, long value) {
        for (int index = 0; index < PARTY; index++) {
            bytes[at + index] = (byte) (value >>> (8 * (PARTY - 1 - index)));
        }
    }

    private static long get(byte[] bytes, int at) {
        long value = 0;
        for (int index = 0; index < PARTY; index++) {
            value = value << 8 | bytes[at + index] & 0xff;
        }
        return value;
    }
}
