// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICommon} from "./ICommon.sol";
import {EpochStart} from "./ISeats.sol";

/// A meter's cumulative registers at an interval boundary; `quality` 0 measured, 1 estimated, 2 doubtful.
struct Reading {
    address meter;
    uint16 epoch;
    uint32 time;
    uint48 importWh;
    uint48 exportWh;
    uint8 quality;
}

/// What the grid operator says of a seat's meter: where it is, how much it can export in an interval (Wh), what its readings are
/// good for (`grade` 0 device, 1 billing), from when on, and how often it knows the meter to have been revoked or suspended.
/// `version` is higher than that of everything it said of the meter before.
struct Confirmation {
    uint64 seat;
    bytes32 zone;
    uint24 nameplateWh;
    uint8 grade;
    uint32 from;
    uint32 bars;
    uint32 version;
    uint32 deadline;
}

/// The meter's last key `key` hands over to `next`.
struct RotateKey {
    address account;
    address meter;
    address key;
    address next;
    uint32 from;
    uint32 deadline;
}

/// Where a meter stands. `former` still runs until `freeFrom`, where it is not 0. `bars`: how often the meter was revoked or
/// suspended; `provedUntil`: contradictions up to here have been dealt with.
struct MeterView {
    uint64 seat;
    uint64 former;
    uint32 begins;
    uint32 freeFrom;
    uint32 consentDeadline;
    uint32 bars;
    uint32 provedUntil;
}

/// Meters: what grid operators say of them, which keys sign for them, and what their contradictions lead to.
interface IMeters is ICommon {
    /// The area's grid operator has said something of the meter: nothing of a lower version, or of this one, counts any more.
    event MeterInstructed(uint32 indexed area, address indexed meter, uint32 version);
    event MeterConfirmed(uint64 indexed seat, bytes32 zone, uint24 nameplateWh, uint8 grade, uint32 from);
    /// One for each seat of the meter that runs or is to run; so is the next.
    event MeterRevoked(uint64 indexed seat, uint32 from);
    event MeterSuspended(uint64 indexed seat, uint32 from);
    /// The meter has been revoked or suspended for the `bars`th time.
    event MeterBarred(address indexed meter, uint32 bars);
    /// Readings up to `from` and at it are for `key` to sign, later ones for `next`.
    event KeyRotated(uint64 indexed seat, address key, address next, uint32 from);
    event EpochStarted(uint64 indexed seat, uint16 epoch, uint32 time, uint48 importWh, uint48 exportWh);

    /// A confirmation lifts a revocation or suspension only if it starts later.
    error StillBarred(uint32 from);
    /// The meter was revoked or suspended so often: a confirmation that says otherwise was signed before.
    error OtherBars(uint32 bars);
    /// The meter has left this seat, or will have by then.
    error MeterGone(uint64 seat);
    /// The meter's last key, which signed, is another one.
    error WrongKey(address key);
    /// The next key is or was a meter's already.
    error KeyUsed(address key);
    /// The two readings are not two different ones of the same past boundary and epoch, later than the last suspension.
    error NotEquivocation();

    /// Signed by the grid operator; in force from the next boundary or from `from` if that is later. Of all that an area's grid
    /// operator signs of a meter, in whatever seat, the versions grow: what was signed before counts neither twice nor later.
    /// `bars` is how often the meter was revoked or suspended so far, as the grid operator knows it: what is signed before the
    /// next time lifts nothing after it.
    /// A meter of another grade than the rules' trades nothing.
    function confirmMeter(Confirmation calldata confirmation, bytes calldata gridSignature) external;
    /// The meter neither sells nor buys from then on, in this seat and every other, until a later confirmation of the seat it is in.
    function revokeMeter(uint64 seat, uint32 from, uint32 version, uint32 deadline, bytes calldata gridSignature)
        external;
    /// The meter gets another key, and keeps its name (the first key's address), seat, purse, mandate, confirmation and registers.
    /// Signed by the account, by the meter's last key, which vouches for its successor, and by the next key; anyone may relay.
    /// Readings up to a boundary and at it stay the former key's, later ones are the next key's: from `from` on, or from the first
    /// later boundary that is a whole interval away, so that everybody has heard of it before a reading needs the next key.
    function rotateKey(
        RotateKey calldata rotation,
        bytes calldata accountSignature,
        bytes calldata keySignature,
        bytes calldata nextSignature
    ) external;
    /// A new epoch of the same meter: signed by the meter, the account and, where the rules demand confirmation, the grid operator
    /// (it may be a replaced meter); only the area's operator may relay it, since what has not been settled of the old epoch can
    /// never be settled afterwards.
    function startEpoch(
        uint64 seat,
        EpochStart calldata epoch,
        bytes calldata meterSignature,
        bytes calldata accountSignature,
        bytes calldata gridSignature
    ) external;
    /// Two different readings of one boundary, both signed by the key that signs for the meter there: suspends the meter from the
    /// next boundary on, in every seat. Readings that differ in their quality alone contradict each other too: one says that
    /// the energy may be sold, the other that it may not, and an agent signs once.
    function reportEquivocation(
        Reading calldata first,
        bytes calldata firstSignature,
        Reading calldata second,
        bytes calldata secondSignature
    ) external;

    function meterView(address meter) external view returns (MeterView memory);
    /// The version of what the area's grid operator last said of the meter, 0 where it never did.
    function instructionOf(address meter, uint32 area) external view returns (uint32);
    /// Whose readings a key signs: those after `from`, up to `until` and at it (the largest number: for good). All zero for a
    /// meter's only key, and for an address that is no key.
    function keyOf(address key) external view returns (address meter, uint32 from, uint32 until);
}
