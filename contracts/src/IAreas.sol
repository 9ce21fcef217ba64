// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICommon} from "./ICommon.sol";

/// The constants that an area's participants agree on by signing their hash.
struct AreaRules {
    uint32 area;
    address grid;
    address successor;
    address token;
    uint32 intervalSeconds;
    uint32 batchSeconds;
    uint32 priceTick;
    uint32 maxGridPerKwh;
    uint32 maxBandTicks;
    uint8 confirmation;
    uint8 settlingGrade;
    uint8 allocation;
    bytes32 watchers;
    uint32 watcherGraceSeconds;
}

/// Who signs each batch: `quorum` of the keys, which ascend.
struct Watchers {
    uint8 quorum;
    address[] keys;
}

/// Somebody is to take over an office of an area; `to` zero where nobody is. `from`: when it can be accepted.
struct HandoverView {
    address to;
    uint32 from;
}

/// Areas: who opens them, who settles them, and how both offices pass on.
///
/// Nobody gets an office by surprise: an offer is public for the withdrawal delay before it can be accepted, so whoever does
/// not like the next one can leave before it acts.
interface IAreas is ICommon {
    event AreaOpened(
        uint32 indexed area, bytes32 indexed rulesHash, AreaRules rules, address operator, Watchers watchers
    );
    /// Zero takes an offer back.
    event OperatorOffered(uint32 indexed area, address operator);
    event OperatorAppointed(uint32 indexed area, address operator);
    event GridOffered(uint32 indexed area, address grid);
    /// The grid operator has been silent for 30 days; its successor takes over unless it speaks within the delay.
    event SuccessionClaimed(uint32 indexed area, address successor);
    event GridSucceeded(uint32 indexed area, address grid);
    /// The grid operator is there, though it had nothing else to do.
    event GridSeen(uint32 indexed area);

    /// The area's number is taken.
    error AreaExists(uint32 area);
    /// These rules belong to the area with this number.
    error WrongArea(uint32 expected);
    /// The rules name another token than the escrow's.
    error WrongToken(address token);
    /// A withdrawal delay of more than a year.
    error BadDelay(uint32 withdrawalDelaySeconds);
    /// The interval must be more than zero, the batch a multiple of it with at most 4,095 intervals; batch and the watchers' grace
    /// together shorter than the withdrawal delay; grade, confirmation and allocation known. Who settles on billing meters confirms
    /// everybody's: nobody else can say of a meter that it is one.
    error BadRules();
    /// The watchers are not those of the rules, do not ascend, or are fewer than their quorum.
    error BadWatchers();
    /// The price tick is no power of ten, or the ledger unit of a token with so many decimals is beyond 128 bits.
    error UnitNotRepresentable(uint32 priceTick, uint8 decimals);
    /// The office was offered to somebody else, or to nobody.
    error NotOffered(address caller);
    /// Only the rules' successor may do this.
    error NotSuccessor(address caller);

    /// The grid operator (`msg.sender == rules.grid`) opens an area and names who may submit its batches. The number is
    /// the first 32 bits of the rules' own hash, taken with an area of 0, so nobody can take another's.
    function openArea(AreaRules calldata rules, Watchers calldata watchers, address operator) external;
    /// Offers the operator's office; only the grid operator. It replaces an offer that waits; zero takes it back.
    function offerOperator(uint32 area, address operator) external;
    /// Whoever was offered the office acts from now on: after the withdrawal delay, or at once where the area has settled
    /// nothing for three batch periods.
    function acceptOperator(uint32 area) external;
    /// Ends the operator's office at once, with nobody in it; only the grid operator. What is open can be given up.
    function dismissOperator(uint32 area) external;
    /// Offers the grid operator's own office; zero takes an offer back.
    function offerGrid(uint32 area, address grid) external;
    /// The rules' successor says that the grid operator has been silent for 30 days.
    function claimSuccession(uint32 area) external;
    /// Whoever was offered the grid operator's office, or claimed it and heard nothing since, has it after the withdrawal delay.
    function acceptGrid(uint32 area) external;
    /// Every act of the grid operator says that it is there; this one says nothing else.
    function showPresence(uint32 area) external;

    function rulesHash(uint32 area) external view returns (bytes32);
    function gridOf(uint32 area) external view returns (address);
    function operatorOf(uint32 area) external view returns (address);
    function operatorOffer(uint32 area) external view returns (HandoverView memory);
    function gridOffer(uint32 area) external view returns (HandoverView memory);
    /// From when on the rules' successor may claim the grid operator's office; 0 where there is none.
    function successionFrom(uint32 area) external view returns (uint32);
}
