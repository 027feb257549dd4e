package rapport.bench;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** What is counted for a site on a day. */
final class Day {
    static final int EVENTS = 0;
    static final int ATTENDANCE = 11;
    static final int MINUTES = 17;
    static final int GIVEN = 18;
    static final int ASKED = 25;
    static final int PRACTICES = 32;
    static final int ENDED = 44;
    static final int RATINGS = 45;
    static final int RATING_SUM = 46;
    private static final int COUNTS = 48;

    final long[] counts = new long[COUNTS];

    static Serde<Day> serde() {
        Serializer<Day> write = (topic, day) -> day == null ? null : day.bytes();
        Deserializer<Day> read = (topic, bytes) -> bytes == null ? null : of(bytes);
        return Serdes.serdeFrom(write, read);
    }

    private byte[] bytes() {
        ByteBuffer out = ByteBuffer.allocate(8 * COUNTS);
        for (long count : counts) out.putLong(count);
        return out.array();
    }

    private static Day of(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        Day day = new Day();
        for (int at = 0; at < COUNTS; at++) day.counts[at] = in.getLong();
        return day;
    }
}
