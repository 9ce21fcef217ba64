// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICommon} from "./ICommon.sol";

/// What an account signs once per meter: the worst prices (all fees included), the most energy per interval, validity.
struct Mandate {
    address account;
    address meter;
    bytes32 rules;
    int24 sellFloor;
    int24 buyCeiling;
    uint24 maxSellWh;
    uint24 maxBuyWh;
    uint32 validFrom;
    uint32 validUntil;
    uint32 version;
    uint32 deadline;
}

/// From when a meter serves an account, and until when that may be told.
struct ConsentTimes {
    uint32 validFrom;
    uint32 deadline;
}

struct EpochStart {
    address account;
    bytes32 rules;
    address meter;
    uint16 epoch;
    uint32 time;
    uint48 importWh;
    uint48 exportWh;
}

/// What an account may do from `from` on, as its mandate says; all zero once the seat is closed.
struct Terms {
    uint32 from;
    uint16 validUntilDay;
    int24 sellFloor;
    int24 buyCeiling;
    uint24 maxSellWh;
    uint24 maxBuyWh;
}

/// What the grid operator says of a seat's meter from `from` on. A barred meter (revoked, or suspended) does not trade.
struct Standing {
    uint32 from;
    bool confirmed;
    bool barred;
    uint8 grade;
    uint24 nameplateWh;
}

/// All there is to know of a seat. `maxSellWh` and `maxBuyWh` are the limits in force with everything folded in.
struct SeatView {
    address account;
    address meter;
    uint128 balance;
    uint16 epoch;
    uint32 time;
    uint48 importWh;
    uint48 exportWh;
    uint24 maxSellWh;
    uint24 maxBuyWh;
    uint32 version;
    uint32 closedFrom;
    Terms terms;
    Standing standing;
}

/// Seats: what accounts sign. A seat is `uint64(area) << 32 | number`; numbers count from 1 in the order of opening.
///
/// An empty signature stands for `msg.sender` itself. Whatever happens here takes effect at a boundary after now.
interface ISeats is ICommon {
    /// `from`: the boundary at which the mandate comes into force, here and in `MandateChanged`. `barred`: the meter was
    /// revoked or suspended, and no confirmation of this area has lifted that.
    event SeatOpened(
        uint64 indexed seat,
        address indexed account,
        address indexed meter,
        Mandate mandate,
        EpochStart epoch,
        uint32 from,
        bool barred
    );
    event MandateChanged(uint64 indexed seat, Mandate mandate, uint32 from);
    /// Said again where a mandate is changed that ends before. `version`: of what the account said of the seat last.
    event SeatClosed(uint64 indexed seat, uint32 from, uint32 version);

    /// The mandate or consent was given for other rules than the area's.
    error WrongRules(bytes32 rules);
    /// The area has no free seat number.
    error AreaFull(uint32 area);
    /// The account already has an open seat with this meter.
    error SeatExists(uint64 seat);
    /// A consent of this meter with a later deadline is known.
    error OldConsent(uint32 deadline);
    /// A mandate ends on a whole UTC day, after the boundary at which it would begin.
    error BadValidity(uint32 validUntil);
    /// The seat is closed by then.
    error SeatIsClosed(uint64 seat);

    /// Anyone may relay. The account signs the mandate; the meter signs its consent and the start of its first epoch. The mandate
    /// comes into force at the next boundary, or at the first one that both `validFrom`s allow. A meter has one open seat in the
    /// escrow: of two consents the one with the later deadline counts. It closes the seat before when the new one begins, not
    /// sooner, and a seat that was to begin later never does.
    function openSeat(
        Mandate calldata mandate,
        bytes calldata accountSignature,
        ConsentTimes calldata consent,
        bytes calldata consentSignature,
        EpochStart calldata epoch,
        bytes calldata epochSignature
    ) external returns (uint64 seat);
    /// In force from the next boundary, or from the mandate's `validFrom` if that is later; replaces changes that have not begun by then.
    function changeMandate(uint64 seat, Mandate calldata mandate, bytes calldata accountSignature) external;
    /// Ends trading at the next boundary, for good; the purse stays withdrawable. Its version grows as a mandate's, so that what
    /// was signed before a newer mandate does not end that, and a mandate that was signed before does not open the seat again.
    function closeSeat(uint64 seat, uint32 version, uint32 deadline, bytes calldata accountSignature) external;

    /// The newest seat of the three, 0 if none.
    function seatOf(address account, address meter, uint32 area) external view returns (uint64);
    function seatView(uint64 seat) external view returns (SeatView memory);
}
