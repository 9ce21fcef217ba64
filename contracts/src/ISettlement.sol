// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICommon} from "./ICommon.sol";
import {Watchers} from "./IAreas.sol";

/// One part of a batch: the final fills of `[start, end)`, netted per seat.
/// `bandLow` and `bandHigh` are the published band of average prices, in ticks per kWh; `gridTake` is what is left for the
/// grid operator, in ledger units. `parts` holds the hash of each part's words; `part` counts from 0.
struct Batch {
    uint32 area;
    uint32 start;
    uint32 end;
    int24 bandLow;
    int24 bandHigh;
    bytes32 statementRoot;
    uint128 gridTake;
    bytes32[] parts;
    uint16 part;
}

/// The area's watchers and the signatures (64 bytes each, in ascending order of their keys) of those who approve; empty where
/// the area has none, and in all parts but the first.
struct Approvals {
    Watchers watchers;
    bytes signatures;
}

/// A batch of several parts that has begun and is neither settled nor abandoned; `nextPart` 0 means none.
struct OpenBatchView {
    bytes32 header;
    uint16 nextPart;
    uint32 abandonableAt;
}

/// Batches: the operator submits, the contract recomputes, watchers approve or refuse.
interface ISettlement is ICommon {
    /// A batch of several parts begins; `parts` are the hashes of their words.
    event BatchBegun(uint32 indexed area, uint32 indexed end, bytes32 header, uint128 gridTake, bytes32[] parts);
    /// One per settled part; `words` are the entries' words as they were in the calldata. Of a batch in several parts a net
    /// debit counts at once, a net credit with `BatchSettled`.
    event PartSettled(uint32 indexed area, uint32 indexed end, uint16 part, uint16 parts, bytes words);
    /// With the last part: the area's `settledUntil` is now `end`; `gridTake` is in ledger units, `energyWh` was bought and sold.
    event BatchSettled(
        uint32 indexed area,
        uint32 start,
        uint32 indexed end,
        bytes32 statementRoot,
        int24 bandLow,
        int24 bandHigh,
        uint256 energyWh,
        uint256 gridTake
    );
    /// The parts since the batch's part 0 move no money after all; the bases that they moved stay where they are.
    event BatchAbandoned(uint32 indexed area, uint32 start, uint32 indexed end);
    /// So many watchers signed the header of the batch that begins with this part; 0 where their time to speak had passed.
    event BatchWatched(uint32 indexed area, uint32 indexed end, bytes32 header, uint256 approvals);
    event BatchAnnounced(uint32 indexed area, bytes32 indexed header);
    event BatchRefused(uint32 indexed area, bytes32 indexed header, address watcher, uint8 reason);

    /// The batch does not lie on boundaries, in order, in the past, after `settledUntil` and inside the area's batch length.
    error BadBatchTimes(uint32 start, uint32 end);
    /// What is traded is settled by then or never: nobody is charged for what a supplier has long billed. A batch in which nothing
    /// was traded may come at any time.
    error BatchTooOld(uint256 until);
    /// The band is upside down or wider than the area's rules allow.
    error BadBand(int24 bandLow, int24 bandHigh);
    /// Parts come in order; this one is expected next.
    error WrongPart(uint16 expected);
    /// The entries are not those that the header binds.
    error OtherEntries(bytes32 hash);
    /// Another batch of the area is open.
    error OtherBatchOpen(bytes32 header);
    /// No batch of the area is open.
    error NoBatchOpen(uint32 area);
    /// Fewer than their quorum have signed: from then on their silence does; 0 where the batch was not announced since its end.
    error NotApproved(bytes32 header, uint32 silentFrom);
    /// Too many watchers refuse this batch.
    error RefusedByWatchers(bytes32 header);
    /// The area has other watchers than these, or none.
    error WrongWatchers();
    /// The watcher has refused this batch already.
    error AlreadyRefused(address watcher);
    /// The entries are not whole, or not in ascending order of seats, which count from 1.
    error BadEntries();
    /// The reading lies outside the batch or not after the seat's base.
    error BadReadingTime(uint64 seat, uint256 time);
    /// The meter did not sign this measured reading in this epoch, chain and contract.
    error BadReadingSignature(uint64 seat);
    /// Only energy from the batch's own intervals can be traded: move the seat's base up to the batch first.
    error BaseBeforeBatch(uint64 seat, uint256 baseTime);
    /// No traded entry spans a change: settle the seat up to `from` first.
    error SpansChange(uint64 seat, uint256 from);
    /// The mandate ends before the reading.
    error MandateExpired(uint64 seat);
    /// More was sold or bought than the meter's register advanced.
    error BeyondRegister(uint64 seat);
    /// More was sold or bought than the seat's limit per interval allows.
    error BeyondLimit(uint64 seat);
    /// Paid more than the ceiling, or received less than the floor.
    error BeyondPrice(uint64 seat);
    /// The average price lies outside the batch's band, or money moved without energy.
    error OutsideBand(uint64 seat);
    /// The seat cannot pay.
    error Insolvent(uint64 seat);
    /// Energy sold differs from energy bought.
    error EnergyNotBalanced(uint256 soldWh, uint256 boughtWh);
    /// What is left for the grid operator is negative, above its cap, or not what the batch says.
    error GridTakeOutOfRange(int256 gridTake);

    /// Settles one part; only the area's operator. `entries` holds 96 bytes an entry, ascending by seat: the word, then the compact signature (r, vs) of the reading by the key that signs for the meter there.
    /// The word, from the most significant bit: seat number uint24 | lag uint12 (intervals from the reading back from the batch's end) |
    /// exportDelta uint32 | importDelta uint32 (Wh since the seat's base) | soldWh uint32 | boughtWh uint32 | paid int46 | received int46 (ledger units).
    ///
    /// An entry that trades runs from the seat's base, which must lie in the batch, to its reading, and spans no change. An entry
    /// without energy only moves the base, across anything. A seat may have several entries. With more than one part, debits count
    /// at once and credits with the last part, which requires energy and money to balance.
    ///
    /// Where the rules name watchers, the first part needs their quorum, or an announcement that none of them answered in time.
    function settle(Batch calldata batch, bytes calldata entries, Approvals calldata approvals) external;
    /// Gives up the open batch of several parts: its operator at any time, anyone after half the withdrawal delay.
    function abandonBatch(uint32 area) external;
    /// Shows a batch, by its header, to watchers who have said nothing: their grace begins now. Only the area's operator. It
    /// replaces the announcement before, and says nothing of a batch that is not over.
    function announceBatch(uint32 area, bytes32 header) external;
    /// A watcher's signed refusal; anyone may relay it. From n − k + 1 refusals on the batch with this header never settles.
    function refuseBatch(
        uint32 area,
        bytes32 header,
        uint8 reason,
        Watchers calldata watchers,
        bytes calldata watcherSignature
    ) external;

    function settledUntil(uint32 area) external view returns (uint32);
    function openBatchOf(uint32 area) external view returns (OpenBatchView memory);
    /// The header that was announced last, and from when on its watchers' silence counts.
    function announcementOf(uint32 area) external view returns (bytes32 header, uint32 silentFrom);
    function refusalsOf(uint32 area, bytes32 header) external view returns (uint256);
}
