// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

struct AreaRules {
    uint32 area;
    address grid;
    address token;
    uint32 intervalSeconds;
    uint32 batchSeconds;
    uint32 priceTick;
    uint32 maxGridPerKwh;
    uint32 maxBandTicks;
    bool confirmedSellersOnly;
    uint8 settlingGrade;
}

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

struct EpochStart {
    address meter;
    uint16 epoch;
    uint32 time;
    uint48 importWh;
    uint48 exportWh;
}

struct Reading {
    address meter;
    uint16 epoch;
    uint32 time;
    uint48 importWh;
    uint48 exportWh;
    uint8 quality;
}

struct Withdrawal {
    address account;
    uint64 seat;
    uint128 amount;
    address to;
    uint32 nonce;
    uint32 deadline;
}

/// One part of a batch: the final fills of `[start, end)`, netted per seat.
/// `bandLow` and `bandHigh` are the published band of average prices, in ticks per kWh.
struct Batch {
    uint32 area;
    uint32 start;
    uint32 end;
    int24 bandLow;
    int24 bandHigh;
    bytes32 statementRoot;
    uint16 part;
    uint16 parts;
}

/// A seat is `uint64(area) << 32 | number`; numbers count from 1 in the order of opening.
interface IEscrow {
    event AreaOpened(uint32 indexed area, bytes32 indexed rulesHash, AreaRules rules, address operator);
    event OperatorAppointed(uint32 indexed area, address operator);
    event SeatOpened(uint64 indexed seat, address indexed account, address indexed meter, Mandate mandate, EpochStart epoch);
    event MandateChanged(uint64 indexed seat, Mandate mandate);
    event SeatClosed(uint64 indexed seat, uint32 from);
    event MeterConfirmed(uint64 indexed seat, bytes32 zone, uint24 nameplateWh, uint32 from);
    event MeterRevoked(uint64 indexed seat, uint32 from);
    event MeterSuspended(uint64 indexed seat, uint32 from);
    event EpochStarted(uint64 indexed seat, uint16 epoch, uint32 time, uint48 importWh, uint48 exportWh);
    event Rebased(uint64 indexed seat, uint16 epoch, uint32 time, uint48 importWh, uint48 exportWh);
    /// `amount` is in ledger units, `tokens` in base units of the token.
    event Deposited(uint64 indexed seat, address indexed from, uint128 amount, uint256 tokens);
    event WithdrawalRequested(uint64 indexed seat, uint128 amount, address to, uint32 claimableAt);
    event WithdrawalClaimed(uint64 indexed seat, uint128 amount, address to, uint256 tokens);
    event GridWithdrawn(uint32 indexed area, uint128 amount, address to, uint256 tokens);
    /// One per settled part; `words` are the entries' words as they were in the calldata.
    event PartSettled(uint32 indexed area, uint32 indexed end, uint16 part, uint16 parts, bytes words);
    /// With the last part: the area's `settledUntil` is now `end`; `gridTake` is in ledger units, `energyWh` was bought and sold.
    event BatchSettled(
        uint32 indexed area, uint32 start, uint32 indexed end, bytes32 statementRoot, int24 bandLow, int24 bandHigh, uint256 energyWh, uint256 gridTake
    );

    /// The grid operator (`msg.sender == rules.grid`) opens an area and names who may submit its batches.
    function openArea(AreaRules calldata rules, address operator) external;
    function appointOperator(uint32 area, address operator) external;

    /// Anyone may relay. The account signs the mandate; the meter signs its consent and the start of its first epoch.
    function openSeat(
        Mandate calldata mandate,
        bytes calldata accountSignature,
        uint32 consentValidFrom,
        bytes calldata consentSignature,
        EpochStart calldata epoch,
        bytes calldata epochSignature
    ) external returns (uint64 seat);
    function changeMandate(uint64 seat, Mandate calldata mandate, bytes calldata accountSignature) external;
    function closeSeat(uint64 seat, uint32 deadline, bytes calldata accountSignature) external;
    function confirmMeter(uint64 seat, bytes32 zone, uint24 nameplateWh, uint32 from, uint32 deadline, bytes calldata gridSignature) external;
    function revokeMeter(uint64 seat, uint32 from, uint32 deadline, bytes calldata gridSignature) external;
    /// A new epoch of the same meter: signed by the meter, the account and, where the rules demand confirmed sellers, the grid operator (else empty).
    function startEpoch(uint64 seat, EpochStart calldata epoch, bytes calldata meterSignature, bytes calldata accountSignature, bytes calldata gridSignature) external;
    /// Two different readings of one boundary, both signed by the seat's meter: suspends the seat's trading from the next boundary on.
    function reportEquivocation(uint64 seat, Reading calldata first, bytes calldata firstSignature, Reading calldata second, bytes calldata secondSignature) external;

    function deposit(uint64 seat, uint256 tokens) external;
    /// Takes `tokens` from the seat's own account, by its ERC-2612 permit; anyone may relay.
    function depositWithPermit(uint64 seat, uint256 tokens, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
    function requestWithdrawal(Withdrawal calldata withdrawal, bytes calldata accountSignature) external;
    /// Pays the smaller of request and balance to the requested address; anyone may call it once the delay has passed.
    function claim(uint64 seat) external;
    function withdrawGrid(uint32 area, uint128 amount, address to) external;

    /// Settles one part. `entries` holds 96 bytes an entry, ascending by seat: the word, then the meter's compact signature (r, vs) of the reading.
    /// The word, from the most significant bit: seat number uint24 | lag uint8 (intervals from the reading back from the batch's end) |
    /// exportDelta uint32 | importDelta uint32 (Wh since the seat's base) | soldWh uint32 | boughtWh uint32 | paid int48 | received int48 (ledger units).
    function settle(Batch calldata batch, bytes calldata entries) external;
    /// Moves a seat's base up to a later measured reading without selling the energy in between; only the area's operator.
    function rebase(uint64 seat, Reading calldata reading, bytes calldata meterSignature) external;

    function token() external view returns (address);
    function withdrawalDelaySeconds() external view returns (uint32);
    function settledUntil(uint32 area) external view returns (uint32);
    function balanceOf(uint64 seat) external view returns (uint128);
    function gridBalance(uint32 area) external view returns (uint128);
    function seatOf(address account, address meter, uint32 area) external view returns (uint64);
}
