// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IAreas, AreaRules, Watchers, HandoverView} from "./IAreas.sol";
import {TypedData} from "./TypedData.sol";
import {WatcherList} from "./WatcherList.sol";
import {Ledger} from "./Ledger.sol";

/// Opening areas, and passing on their two offices.
abstract contract Areas is Ledger, IAreas {
    uint8 private immutable DECIMALS;
    /// As many as the lag of an entry can count back (12 bits).
    uint256 private constant MOST_INTERVALS = 4095;
    uint256 private constant SILENCE = 30 days;
    /// In base units of the token: the largest power of ten that 128 bits hold.
    uint256 private constant LARGEST_UNIT = 1e38;

    constructor() {
        if (withdrawalDelaySeconds > 365 days) revert BadDelay(withdrawalDelaySeconds);
        DECIMALS = IERC20Metadata(address(TOKEN)).decimals();
    }

    function openArea(AreaRules calldata rules, Watchers calldata watchers, address operator) external {
        if (msg.sender != rules.grid) revert NotGrid(msg.sender);
        if (rules.token != address(TOKEN)) revert WrongToken(rules.token);
        uint32 number = TypedData.areaNumber(rules);
        if (rules.area != number) revert WrongArea(number);
        Area storage area = _areas[number];
        if (area.grid != address(0)) revert AreaExists(number);
        _requireRules(rules);
        if (rules.watchers == 0 ? watchers.keys.length != 0 : !WatcherList.isProper(rules.watchers, watchers)) {
            revert BadWatchers();
        }
        area.operator = operator;
        area.intervalSeconds = rules.intervalSeconds;
        area.batchSeconds = rules.batchSeconds;
        area.grid = rules.grid;
        area.maxGridPerKwh = rules.maxGridPerKwh;
        // No band of 24-bit prices is wider.
        area.maxBandTicks = rules.maxBandTicks < type(uint24).max ? uint24(rules.maxBandTicks) : type(uint24).max;
        area.confirmation = rules.confirmation;
        area.isWatched = rules.watchers != 0;
        area.watchers = rules.watchers;
        area.watcherGraceSeconds = rules.watcherGraceSeconds;
        area.settlingGrade = rules.settlingGrade;
        area.successor = rules.successor;
        area.gridSeenAt = uint32(block.timestamp);
        area.rulesHash = TypedData.hash(rules);
        _areaOfRules[area.rulesHash] = number;
        (area.unitsPerToken, area.tokensPerUnit) = _scale(rules.priceTick);
        emit AreaOpened(number, area.rulesHash, rules, operator, watchers);
    }

    function _requireRules(AreaRules calldata rules) private view {
        if (
            rules.intervalSeconds == 0 || rules.batchSeconds == 0 || rules.batchSeconds % rules.intervalSeconds != 0
                || rules.batchSeconds / rules.intervalSeconds > MOST_INTERVALS
                || uint256(rules.batchSeconds) + rules.watcherGraceSeconds >= withdrawalDelaySeconds
                || rules.settlingGrade > 1 || (rules.settlingGrade != 0 && rules.confirmation != 2)
                || rules.confirmation > 2 || rules.allocation > 2
        ) revert BadRules();
    }

    // Neither quotient is above the largest unit.
    // forge-lint: disable-next-item(unsafe-typecast)
    /// A ledger unit is `priceTick` × 10^decimals / 10⁹ base units of the token. It is a power of ten, as a base unit is, so of
    /// any two units the smaller divides the larger: what a purse takes from one area to another is exact in both.
    function _scale(uint32 priceTick) private view returns (uint128 unitsPerToken, uint128 tokensPerUnit) {
        uint256 digits = priceTick;
        while (digits != 0 && digits % 10 == 0) digits /= 10;
        uint256 numerator = priceTick * 10 ** uint256(DECIMALS);
        if (digits != 1 || numerator > LARGEST_UNIT * 1e9) revert UnitNotRepresentable(priceTick, DECIMALS);
        if (numerator < 1e9) return (uint128(1e9 / numerator), 1);
        return (1, uint128(numerator / 1e9));
    }

    function offerOperator(uint32 areaNumber, address operator) external {
        Area storage area = _areaAt(areaNumber);
        _requireGrid(area);
        area.operatorOffer = Offer(operator, uint32(block.timestamp), false);
        emit OperatorOffered(areaNumber, operator);
    }

    function acceptOperator(uint32 areaNumber) external {
        Area storage area = _areaAt(areaNumber);
        Offer memory offer = area.operatorOffer;
        if (msg.sender != offer.to) revert NotOffered(msg.sender);
        uint256 from = uint256(offer.madeAt) + withdrawalDelaySeconds;
        bool isIdle = block.timestamp >= uint256(area.settledUntil) + 3 * uint256(area.batchSeconds);
        // forge-lint: disable-next-line(unsafe-typecast)
        if (block.timestamp < from && !isIdle) revert TooEarly(uint32(from));
        _appoint(areaNumber, area, offer.to);
    }

    function dismissOperator(uint32 areaNumber) external {
        Area storage area = _areaAt(areaNumber);
        _requireGrid(area);
        _appoint(areaNumber, area, address(0));
    }

    function _appoint(uint32 areaNumber, Area storage area, address operator) private {
        delete area.operatorOffer;
        area.operator = operator;
        emit OperatorAppointed(areaNumber, operator);
    }

    function offerGrid(uint32 areaNumber, address grid) external {
        Area storage area = _areaAt(areaNumber);
        _requireGrid(area);
        area.gridOffer = Offer(grid, uint32(block.timestamp), false);
        emit GridOffered(areaNumber, grid);
    }

    function claimSuccession(uint32 areaNumber) external {
        Area storage area = _areaAt(areaNumber);
        if (msg.sender != area.successor) revert NotSuccessor(msg.sender);
        uint32 silentFrom = successionFrom(areaNumber);
        if (block.timestamp < silentFrom) revert TooEarly(silentFrom);
        area.gridOffer = Offer(msg.sender, uint32(block.timestamp), true);
        emit SuccessionClaimed(areaNumber, msg.sender);
    }

    function acceptGrid(uint32 areaNumber) external {
        Area storage area = _areaAt(areaNumber);
        Offer memory offer = area.gridOffer;
        if (msg.sender != offer.to) revert NotOffered(msg.sender);
        uint256 from = uint256(offer.madeAt) + withdrawalDelaySeconds;
        // forge-lint: disable-next-line(unsafe-typecast)
        if (block.timestamp < from) revert TooEarly(uint32(from));
        if (offer.isClaim && area.gridSeenAt >= offer.madeAt) revert TooEarly(successionFrom(areaNumber));
        delete area.gridOffer;
        area.grid = offer.to;
        area.gridSeenAt = uint32(block.timestamp);
        emit GridSucceeded(areaNumber, offer.to);
    }

    function showPresence(uint32 areaNumber) external {
        _requireGrid(_areaAt(areaNumber));
        emit GridSeen(areaNumber);
    }

    function rulesHash(uint32 area) external view returns (bytes32) {
        return _areas[area].rulesHash;
    }

    function gridOf(uint32 area) external view returns (address) {
        return _areas[area].grid;
    }

    function operatorOf(uint32 area) external view returns (address) {
        return _areas[area].operator;
    }

    function operatorOffer(uint32 area) external view returns (HandoverView memory) {
        return _viewOf(_areas[area].operatorOffer);
    }

    function gridOffer(uint32 area) external view returns (HandoverView memory) {
        return _viewOf(_areas[area].gridOffer);
    }

    function _viewOf(Offer memory offer) private view returns (HandoverView memory) {
        return HandoverView(offer.to, offer.to == address(0) ? 0 : offer.madeAt + withdrawalDelaySeconds);
    }

    // A boundary of the year 2106 is refused before it comes to that.
    // forge-lint: disable-next-item(unsafe-typecast)
    function successionFrom(uint32 areaNumber) public view returns (uint32) {
        Area storage area = _areas[areaNumber];
        return area.successor == address(0) ? 0 : uint32(area.gridSeenAt + SILENCE);
    }
}
