package rapport.bench;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** What is kept of a client and a peer: enough for the fields of an enriched row, in the order that events arrive. */
final class Dyad {
    static final int TYPES = 7;
    private static final int BYTES = 8 + 4 * 6 + 8 * 5 + 2 * 4 * TYPES;

    boolean open;
    byte phase;
    int episode;
    int openedDay;
    int sessions;
    int lastAttendedDay = Integer.MIN_VALUE;
    int ratings;
    int lowInARow;
    long sum;
    double squares;
    long lastRating;
    long breakdownSince;
    long lastOccurredAt;
    final int[] given = new int[TYPES];
    final int[] asked = new int[TYPES];

    static Serde<Dyad> serde() {
        Serializer<Dyad> write = (topic, dyad) -> dyad == null ? null : dyad.bytes();
        Deserializer<Dyad> read = (topic, bytes) -> bytes == null ? null : of(bytes);
        return Serdes.serdeFrom(write, read);
    }

    private byte[] bytes() {
        ByteBuffer out = ByteBuffer.allocate(BYTES);
        out.put((byte) (open ? 1 : 0)).put(phase).putShort((short) 0).putInt(0);
        out.putInt(episode).putInt(openedDay).putInt(sessions).putInt(lastAttendedDay).putInt(ratings).putInt(lowInARow);
        out.putLong(sum).putDouble(squares).putLong(lastRating).putLong(breakdownSince).putLong(lastOccurredAt);
        for (int day : given) out.putInt(day);
        for (int day : asked) out.putInt(day);
        return out.array();
    }

    private static Dyad of(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        Dyad dyad = new Dyad();
        dyad.open = in.get() == 1;
        dyad.phase = in.get();
        in.getShort();
        in.getInt();
        dyad.episode = in.getInt();
        dyad.openedDay = in.getInt();
        dyad.sessions = in.getInt();
        dyad.lastAttendedDay = in.getInt();
        dyad.ratings = in.getInt();
        dyad.lowInARow = in.getInt();
        dyad.sum = in.getLong();
        dyad.squares = in.getDouble();
        dyad.lastRating = in.getLong();
        dyad.breakdownSince = in.getLong();
        dyad.lastOccurredAt = in.getLong();
        for (int type = 0; type < TYPES; type++) dyad.given[type] = in.getInt();
        for (int type = 0; type < TYPES; type++) dyad.asked[type] = in.getInt();
        return dyad;
    }
}
