package rapport.bench;

import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import rapport.v1.EnrichedOuterClass.Enriched;
import rapport.v1.EnrichedOuterClass.Mechanism;
import rapport.v1.EnrichedOuterClass.Phase;
import rapport.v1.EventOuterClass.Attendance;
import rapport.v1.EventOuterClass.Contact;
import rapport.v1.EventOuterClass.Event;
import rapport.v1.EventOuterClass.Measure;
import rapport.v1.EventOuterClass.RelationshipAction;
import rapport.v1.EventOuterClass.Score;
import rapport.v1.EventOuterClass.SupportType;

/** Keeps a dyad's and a site's day up to date with each event, and writes the event's row. */
final class Fold implements Processor<byte[], byte[], String, byte[]> {
    private static final long DAY_US = 86_400_000_000L;
    private static final int WINDOW = 28;
    private static final int BASELINE = 3;

    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, Dyad> dyads;
    private KeyValueStore<String, Day> days;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        dyads = context.getStateStore(Job.DYADS);
        days = context.getStateStore(Job.DAYS);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        Event event;
        try {
            event = Event.parseFrom(record.value());
        } catch (InvalidProtocolBufferException malformed) {
            return;
        }
        if (event.getBodyCase() == Event.BodyCase.BODY_NOT_SET) return;
        int day = (int) Math.floorDiv(event.getOccurredAtUs(), DAY_US);
        count(event, day);
        if (event.getClient().isEmpty() && event.getPeer().isEmpty()) return;
        String key = event.getSite() + '/' + event.getClient() + '/' + event.getPeer();
        Dyad dyad = dyads.get(key);
        if (dyad == null) dyad = new Dyad();
        Enriched row = row(event, day, dyad);
        dyads.put(key, dyad);
        String id = event.getSite() + '/' + event.getEventId();
        context.forward(new Record<>(id, row.toByteArray(), record.timestamp(), headers(id, event)));
    }

    private void count(Event event, int day) {
        String key = event.getSite() + '/' + day;
        Day kept = days.get(key);
        if (kept == null) kept = new Day();
        long[] counts = kept.counts;
        counts[Day.EVENTS + event.getBodyCase().getNumber() - 10]++;
        switch (event.getBodyCase()) {
            case CONTACT -> {
                Contact contact = event.getContact();
                counts[Day.ATTENDANCE + contact.getAttendanceValue()]++;
                counts[Day.MINUTES] += contact.getMinutes();
                for (int type : contact.getSupportValueList()) counts[Day.GIVEN + type]++;
                for (int type : contact.getRequestedValueList()) counts[Day.ASKED + type]++;
                for (int practice : contact.getPracticesValueList()) counts[Day.PRACTICES + practice]++;
            }
            case RELATIONSHIP -> {
                if (event.getRelationship().getAction() == RelationshipAction.RELATIONSHIP_ACTION_ENDED) counts[Day.ENDED]++;
            }
            case MEASURE -> {
                counts[Day.RATINGS]++;
                counts[Day.RATING_SUM] += total(event.getMeasure());
            }
            default -> { }
        }
        days.put(key, kept);
    }

    private Enriched row(Event event, int day, Dyad dyad) {
        Enriched.Builder row = Enriched.newBuilder();
        Phase before = Phase.forNumber(dyad.phase);
        boolean begins = !dyad.open && (event.hasContact() || starts(event));
        if (begins) {
            dyad.open = true;
            dyad.episode++;
            dyad.openedDay = day;
            dyad.sessions = 0;
            dyad.lastAttendedDay = Integer.MIN_VALUE;
            dyad.ratings = 0;
            dyad.sum = 0;
            dyad.squares = 0;
            dyad.phase = Phase.PHASE_FORMING_VALUE;
        }
        switch (event.getBodyCase()) {
            case CONTACT -> contact(event.getContact(), day, dyad, row);
            case MEASURE -> measure(event, dyad, row);
            case RELATIONSHIP -> {
                if (event.getRelationship().getAction() == RelationshipAction.RELATIONSHIP_ACTION_ENDED) dyad.open = false;
                row.setMechanism(Mechanism.MECHANISM_NONE);
            }
            case MODELLING -> row.setMechanism(Mechanism.MECHANISM_ROLE_MODELLING);
            case DEVELOPMENT -> row.setMechanism(Mechanism.MECHANISM_PEER_ROLE);
            default -> { }
        }
        if (dyad.episode > 0) {
            row.setEpisode(dyad.episode).setEpisodeDay(Math.max(0, day - dyad.openedDay)).setSession(dyad.sessions);
        }
        for (int type = 1; type < Dyad.TYPES; type++) {
            boolean given = dyad.given[type] > day - WINDOW;
            if (given) row.addReceived(SupportType.forNumber(type));
            else if (dyad.asked[type] > day - WINDOW) row.addUnmet(SupportType.forNumber(type));
        }
        dyad.lastOccurredAt = Math.max(dyad.lastOccurredAt, event.getOccurredAtUs());
        row.setPhaseBefore(before).setPhaseAfterValue(dyad.phase).setModelVersion(Job.VERSION);
        return row.setEvent(event.toBuilder().clearIngestedAtUs()).build();
    }

    private static boolean starts(Event event) {
        return event.hasRelationship() && event.getRelationship().getAction() == RelationshipAction.RELATIONSHIP_ACTION_STARTED;
    }

    private static void contact(Contact contact, int day, Dyad dyad, Enriched.Builder row) {
        row.setMechanism(Mechanism.MECHANISM_SOCIAL_SUPPORT);
        for (int type : contact.getSupportValueList()) dyad.given[type] = Math.max(dyad.given[type], day);
        for (int type : contact.getRequestedValueList()) dyad.asked[type] = Math.max(dyad.asked[type], day);
        if (contact.getAttendance() != Attendance.ATTENDANCE_ATTENDED) return;
        if (dyad.lastAttendedDay != Integer.MIN_VALUE) row.setDaysSinceContact(Math.max(0, day - dyad.lastAttendedDay));
        dyad.lastAttendedDay = Math.max(dyad.lastAttendedDay, day);
        dyad.sessions++;
    }

    private static void measure(Event event, Dyad dyad, Enriched.Builder row) {
        long total = total(event.getMeasure());
        row.setConstruct("alliance").setMechanism(Mechanism.MECHANISM_WORKING_ALLIANCE);
        if (dyad.ratings < BASELINE) {
            dyad.ratings++;
            dyad.sum += total;
            dyad.squares += (double) total * total;
            if (dyad.ratings == BASELINE) dyad.phase = Phase.PHASE_WORKING_VALUE;
        } else {
            double mean = (double) dyad.sum / dyad.ratings;
            double sd = Math.sqrt(Math.max(1.0, dyad.squares / dyad.ratings - mean * mean));
            double z = (mean - total) / sd;
            row.setZ(Math.round(z * 1000.0) / 1000.0).setBaselineMeanMicros((long) mean);
            dyad.lowInARow = z >= 2.0 ? dyad.lowInARow + 1 : 0;
            boolean broken = z >= 3.0 || dyad.lowInARow >= 2;
            if (broken && dyad.breakdownSince == 0) dyad.breakdownSince = event.getOccurredAtUs();
            if (!broken && z < 1.0) dyad.breakdownSince = 0;
            dyad.phase = (byte) (dyad.breakdownSince != 0 ? Phase.PHASE_BREAKDOWN_VALUE
                : z >= 2.0 ? Phase.PHASE_WATCH_VALUE : Phase.PHASE_WORKING_VALUE);
        }
        row.setChangeMicros(total - dyad.lastRating);
        dyad.lastRating = total;
    }

    private static long total(Measure measure) {
        for (Score score : measure.getScoresList()) if (score.getName().equals("total")) return score.getMicros();
        return 0;
    }

    /** The headers that Rapport's rows carry. */
    private Headers headers(String id, Event event) {
        RecordMetadata from = context.recordMetadata().orElseThrow();
        Headers headers = new RecordHeaders();
        headers.add("content-type", Job.PROTOBUF).add("ce_specversion", Job.ONE).add("ce_id", utf8(id));
        headers.add("ce_source", utf8("rapport/" + event.getSite())).add("ce_type", Job.TYPE);
        headers.add("ce_time", utf8(Long.toString(event.getOccurredAtUs())));
        String place = from.topic() + "/" + from.partition() + "/" + from.offset() + "@" + event.getIngestedAtUs()
            + "/" + event.getRecordedAtUs();
        headers.add("rapport_source", utf8(place));
        return headers;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
